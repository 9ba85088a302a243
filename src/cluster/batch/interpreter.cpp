// The machine itself: statements, blocks and conditions. What single commands do is in
// builtins.cpp, calls.cpp and loops.cpp.
#include "cluster/batch/interpreter.hpp"

#include <fmt/format.h>

#include "cluster/batch/condition.hpp"
#include "cluster/batch/interpreter_impl.hpp"
#include "cluster/batch/words.hpp"
#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// A statement of up to this many bytes counts as one.
constexpr size_t kBytesPerWork = 128;

}  // namespace

Interpreter::Interpreter(Program program)
    : limits_(program.limits),
      environment_(std::move(program.environment)),
      folder_(std::move(program.folder)) {
  Frame first;
  first.script = std::move(program.script);
  first.arguments.values = {program.name};
  for (std::string& argument : program.arguments)
    first.arguments.values.push_back(std::move(argument));
  first.arguments.all = join(std::span<const std::string>(first.arguments.values).subspan(1), " ");
  first.arguments.script_path = std::move(program.full_path);
  frames_.push_back(std::move(first));
}

Effect Interpreter::step(Answer answer) {
  TASUKI_ASSERT(!ended_);
  if (const auto* const moment = std::get_if<Moment>(&answer)) {
    moment_ = *moment;
    answer_.reset();
  } else if (std::holds_alternative<Done>(answer)) {
    answer_.reset();
  } else {
    answer_ = std::move(answer);
  }
  while (!effect_) advance();
  return *std::exchange(effect_, std::nullopt);
}

Scope Interpreter::scope() {
  return {environment_, frame().arguments, errorlevel_, folder_, moment_};
}

void Interpreter::advance() {
  if (frame().tasks.empty()) return read_statement();
  Task task = std::move(frame().tasks.back());
  frame().tasks.pop_back();
  std::visit([this](auto& known) { run(std::move(known)); }, task);
}

void Interpreter::read_statement() {
  Frame& current = frame();
  if (current.next_line >= current.script->lines.size()) return leave_frame();
  const ExpandLine expand = [this](std::string_view line) {
    return expand_percents(line, scope());
  };
  auto statement =
      std::make_shared<Statement>(parse_statement(*current.script, current.next_line, expand));
  if (statement->needs_moment && !moment_)
    return emit(static_cast<int>(current.next_line) + 1, "", AskMoment{});
  moment_.reset();
  if (!statement->faults.empty()) return fail(statement->faults.front());
  const size_t bytes = statement->bytes;
  current.next_line = statement->next_line;
  current.statement = std::move(statement);
  if (!count_work(bytes)) return;
  if (current.statement->node) push(RunNode{&*current.statement->node});
}

bool Interpreter::count_work(size_t bytes) {
  work_ += 1 + bytes / kBytesPerWork;
  if (work_ <= limits_.quiet_work) return true;
  fail(static_cast<int>(frame().next_line),
       fmt::format("{} statements ran without a command between them", limits_.quiet_work),
       "the script seems to go in a circle; let the loop end, or wait in it");
  return false;
}

void Interpreter::enter(Frame entered) {
  if (frames_.size() >= limits_.call_depth)
    return fail(static_cast<int>(frame().next_line),
                fmt::format("scripts and labels call one another {} deep", frames_.size()),
                "end the recursion earlier");
  entered.saved_at_entry = saved_.size();
  entered.own_redirections = entered.redirections.size();
  frames_.push_back(std::move(entered));
}

// cmd.exe ends a script's setlocals with it.
void Interpreter::leave_frame() {
  while (saved_.size() > frame().saved_at_entry) do_endlocal();
  if (frames_.size() == 1) return finish(errorlevel_);
  frames_.pop_back();
  last_code_ = errorlevel_;
}

void Interpreter::finish(int exit_code) {
  emit(static_cast<int>(frame().next_line), "", Finished{exit_code});
  ended_ = true;
}

void Interpreter::fail(Fault fault) {
  const int line = fault.line;
  std::string file = frame().script->path;
  emit(line, "", Failed{std::move(file), std::move(fault)});
  ended_ = true;
}

void Interpreter::fail(int line, std::string what, std::string expected, std::string text) {
  if (text.empty() && line > 0) text = trim(frame().script->lines[static_cast<size_t>(line) - 1]);
  fail({line, std::move(text), std::move(what), std::move(expected)});
}

void Interpreter::emit(int line, std::string command, Action action) {
  if (!command.empty()) {
    work_ = 0;
    moment_.reset();  // the next command is run at another time
  }
  effect_ = Effect{frame().script->path, line, std::move(command), folder_, std::move(action)};
}

void Interpreter::run(RunNode task) {
  const Node& node = *task.node;
  if (node.as<Block>()) return run_block(node);
  if (node.as<Both>() || node.as<Either>()) return push(RunChildren{&node});
  if (const auto* const condition = node.as<If>()) return run_if(node, *condition);
  if (const auto* const loop = node.as<For>()) return run_for(node, *loop);
  if (node.as<Pipe>()) return run_pipe(node);
  run_simple(node);
}

void Interpreter::run(RunChildren task) {
  const Node& node = *task.node;
  const bool first = task.next == 0;
  const bool stops = (node.as<Both>() && last_code_ != 0) || (node.as<Either>() && last_code_ == 0);
  if (task.next >= node.children.size() || (!first && stops)) return;
  const Node& child = node.children[task.next];
  push(RunChildren{&node, task.next + 1});
  push(RunNode{&child});
}

void Interpreter::run_block(const Node& node) {
  auto redirections = expand(node.redirections, node);
  if (!redirections) return;
  succeed();
  auto& outer = frame().redirections;
  if (!redirections->empty()) push(EndRedirections{redirections->size()});
  outer.insert(outer.end(), redirections->begin(), redirections->end());
  push(RunChildren{&node});
}

void Interpreter::run(const EndRedirections& task) {
  auto& outer = frame().redirections;
  outer.resize(outer.size() - task.count);
}

void Interpreter::run_if(const Node& node, const If& condition) {
  const auto holds = decide(node, condition);
  if (!holds) return;
  succeed();
  const size_t branch = *holds != condition.negated ? 0 : 1;
  if (branch < node.children.size()) push(RunNode{&node.children[branch]});
}

std::optional<bool> Interpreter::decide(const Node& node, const If& condition) {
  if (const auto* const compared = std::get_if<Compare>(&condition.test)) {
    const auto left = expand(compared->left, node);
    const auto right = left ? expand(compared->right, node) : std::nullopt;
    if (!right) return std::nullopt;
    return compare(*left, compared->comparison, *right, condition.ignore_case);
  }
  if (const auto* const exists = std::get_if<Exists>(&condition.test)) {
    if (const auto answer = take_answer<Existence>()) return answer->there;
    const auto path = expand(exists->path, node);
    if (path) ask(node.line, FileExists{without_quotes(*path)}, RunNode{&node});
    return std::nullopt;
  }
  if (const auto* const defined = std::get_if<Defined>(&condition.test)) {
    const auto name = expand(defined->name, node);
    if (!name) return std::nullopt;
    return find_value(*name, scope()).has_value();
  }
  const auto* const reached = std::get_if<ErrorlevelReached>(&condition.test);
  const auto number = expand(
      reached ? reached->number : std::get<ExtensionVersionReached>(condition.test).number, node);
  if (!number) return std::nullopt;
  return (reached ? errorlevel_ : kExtensionVersion) >= leading_number(*number);
}

std::optional<std::string> Interpreter::expand(std::string_view text, const Node& node) {
  Expansion looped = expand_loop_variables(text, frame().loops, folder_);
  if (looped.fault) {
    fail(node.line, std::move(*looped.fault), std::move(looped.advice));
    return std::nullopt;
  }
  if (!delayed_) return std::move(looped.text);
  Expansion expansion = expand_exclamations(looped.text, scope());
  if (expansion.needs_moment) {
    ask(node.line, AskMoment{}, RunNode{&node});
    return std::nullopt;
  }
  if (expansion.fault) {
    fail(node.line, std::move(*expansion.fault), "write ^! for an exclamation mark");
    return std::nullopt;
  }
  return std::move(expansion.text);
}

std::optional<std::vector<Redirection>> Interpreter::expand(
    const std::vector<Redirection>& redirections, const Node& node) {
  std::vector<Redirection> expanded = redirections;
  for (Redirection& redirection : expanded) {
    auto target = expand(redirection.target, node);
    if (!target) return std::nullopt;
    redirection.target = without_quotes(*target);
  }
  return expanded;
}

std::optional<Interpreter::Expanded> Interpreter::expand_command(const Node& node) {
  const auto& simple = std::get<Simple>(node.content);
  auto text = expand(simple.text, node);
  auto shown = text ? expand(simple.written, node) : std::nullopt;
  auto redirections = shown ? expand(node.redirections, node) : std::nullopt;
  if (!redirections) return std::nullopt;
  return Expanded{node.line, std::move(*text), std::move(*shown), std::move(*redirections)};
}

void Interpreter::run_simple(const Node& node) {
  const auto command = expand_command(node);
  if (!command) return;
  if (!count_work(command->text.size())) return;
  carry_out(*command, node, false);
}

void Interpreter::run_pipe(const Node& node) {
  RunCommand run;
  std::string shown;
  for (const Node& child : node.children) {
    auto command = expand_command(child);
    if (!command) {
      // A question puts back what asked it; here that is the whole pipe.
      if (!ended_) frame().tasks.back() = RunNode{&node};
      return;
    }
    CommandText taken = take_apart(command->text);
    if (!shown.empty()) shown += '|';
    shown += command->shown;
    run.stages.push_back(
        {std::move(taken.name), std::move(taken.arguments), std::move(command->redirections)});
  }
  Command& last = run.stages.back();
  last.redirections = with_outer(std::move(last.redirections));
  emit(node.line, fold_blanks(shown), std::move(run));
  push(AfterRun{.called = false, .name = {}, .arguments = {}, .redirections = {}});
}

// A block's file is opened once: what comes after the first command is added to it.
std::vector<Redirection> Interpreter::with_outer(std::vector<Redirection> redirections) {
  auto& outer = frame().redirections;
  std::vector<Redirection> all = outer;
  all.insert(all.end(), redirections.begin(), redirections.end());
  for (Redirection& redirection : outer)
    if (redirection.kind == RedirectionKind::output) redirection.kind = RedirectionKind::append;
  return all;
}

}  // namespace tasuki::batch
