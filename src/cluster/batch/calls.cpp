// Commands that go elsewhere: goto, call, exit, and the start of programs and other scripts.
#include <fmt/format.h>

#include "cluster/batch/interpreter_impl.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
void Interpreter::carry_out(const Expanded& command, const Node& node, bool called) {
  CommandText taken = take_apart(command.text);
  const std::string name = lower(taken.name);
  if (name.starts_with(':') || (name.empty() && command.redirections.empty())) return succeed();
  if (name == "echo") return do_echo(command, taken);
  if (name == "set") return do_set(command, taken);
  if (name == "goto") return do_goto(command, taken);
  if (name == "call") return do_call(command, taken, node);
  if (name == "exit") return do_exit(taken);
  if (name == "setlocal") return do_setlocal(command, taken);
  if (name == "endlocal") return do_endlocal();
  if (name == "shift") return do_shift(taken);
  if (name == "cd" || name == "chdir") return do_cd(command, taken);
  if (name == "pushd") return do_pushd(command, taken);
  if (name == "popd") return do_popd(command);
  if (name == "pause") return do_pause(command);
  if (name == "path") return do_path(command, taken);
  if (has_drive(name) && name.size() == 2) return do_drive(command, taken);
  succeed();
  if (is_about_the_window(name)) return emit(command.line, fold_blanks(command.shown), Performed{});
  start(command, std::move(taken), called);
}

void Interpreter::start(const Expanded& command, CommandText taken, bool called) {
  auto redirections = with_outer(command.redirections);
  push(AfterRun{called, taken.name, taken.arguments, redirections});
  emit(command.line, fold_blanks(command.shown),
       RunCommand{
           .stages = {{std::move(taken.name), std::move(taken.arguments), std::move(redirections)}},
           .called = called,
           .captured = false});
}

// A batch file that was not called takes the place of the one that started it: cmd.exe does not
// come back from it.
void Interpreter::run(const AfterRun& task) {
  if (auto found = take_answer<ScriptFound>()) {
    Frame entered;
    entered.script = std::move(found->script);
    entered.arguments.values = split_words(task.arguments);
    entered.arguments.values.insert(entered.arguments.values.begin(), task.name);
    entered.arguments.all = trim(task.arguments);
    entered.arguments.script_path = entered.script->path;
    entered.redirections = task.redirections;
    if (task.called) return enter(std::move(entered));
    entered.saved_at_entry = frame().saved_at_entry;
    entered.own_redirections = entered.redirections.size();
    frame() = std::move(entered);
    return;
  }
  const auto exited = take_answer<Exited>();
  end_with(exited ? exited->code : 0);
}

void Interpreter::do_goto(const Expanded& command, const CommandText& taken) {
  std::string_view target = trim_delimiters(taken.arguments);
  if (starts_with_name(target, ":eof") && label_name(target.substr(1)).size() == 3)
    return leave_frame();
  if (target.starts_with(':')) target.remove_prefix(1);
  const std::string_view name = label_name(target);
  Frame& current = frame();
  const Label* const label = current.script->find_label(name, current.next_line);
  if (!label)
    return fail(command.line, fmt::format("there is no label \"{}\"", name),
                suggest_label(*current.script, name));
  // cmd.exe forgets the block, the loops and the redirections that goto was in.
  current.tasks.clear();
  current.loops.clear();
  current.redirections.resize(current.own_redirections);
  current.next_line = label->line + 1;
  succeed();
}

// cmd.exe expands what is called once more: `call echo %%X%%` is the value of X.
void Interpreter::do_call(const Expanded& command, const CommandText& taken, const Node& node) {
  Expansion text = expand_percents(trim_delimiters(taken.arguments), scope());
  Expansion shown = expand_percents(command.shown, scope());
  if (text.needs_moment) return ask(command.line, AskMoment{}, RunNode{&node});
  if (text.fault)
    return fail(command.line, *text.fault,
                text.advice.empty() ? "write fewer percent signs" : text.advice);
  if (text.text.size() > kLineBytesMax)
    return fail(command.line, "what is called becomes too long",
                fmt::format("a line has at most {} bytes", kLineBytesMax));
  if (text.text.starts_with(':')) return call_label(command, text.text);
  if (text.text.empty()) return succeed();
  if (same_name(take_apart(text.text).name, "call"))
    return fail(command.line, "call calls call", "write call once");
  carry_out({command.line, std::move(text.text), std::move(shown.text), command.redirections}, node,
            true);
}

void Interpreter::call_label(const Expanded& command, std::string_view text) {
  const std::string_view name = label_name(text.substr(1));
  const Frame& current = frame();
  const Label* const label = current.script->find_label(name, current.next_line);
  if (!label && same_name(name, "eof")) return succeed();
  if (!label)
    return fail(command.line, fmt::format("there is no label \"{}\"", name),
                suggest_label(*current.script, name));
  Frame entered;
  entered.script = current.script;
  entered.next_line = label->line + 1;
  entered.arguments.values = split_words(text);
  entered.arguments.all = trim_delimiters(text.substr(entered.arguments.values.front().size()));
  entered.arguments.script_path = current.arguments.script_path;
  entered.redirections = with_outer(command.redirections);
  enter(std::move(entered));
}

void Interpreter::do_exit(const CommandText& taken) {
  std::string_view arguments = trim_delimiters(taken.arguments);
  const bool only_this_script = starts_with_name(arguments, "/b");
  if (only_this_script) arguments = trim_delimiters(arguments.substr(2));
  if (!arguments.empty()) errorlevel_ = leading_number(arguments);
  if (only_this_script) return leave_frame();
  finish(errorlevel_);
}

}  // namespace tasuki::batch
