// The commands that the interpreter carries out itself, but for those that go elsewhere
// (calls.cpp).
#include <algorithm>

#include <fmt/format.h>

#include "cluster/batch/interpreter_impl.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// "set /a ..." and its like: what follows the switch, or none.
std::optional<std::string_view> behind_switch(std::string_view arguments, std::string_view name) {
  while (!arguments.empty() && is_delimiter(arguments.front())) arguments.remove_prefix(1);
  if (!starts_with_name(arguments, name)) return std::nullopt;
  return arguments.substr(name.size());
}

struct Assignment {
  std::string name;
  std::string value;
  bool assigns = false;  // there is an "="
};

// `"NAME=value" what follows is dropped`, or `NAME=value with its blanks at the end`.
Assignment take_assignment(std::string_view text) {
  while (!text.empty() && is_delimiter(text.front())) text.remove_prefix(1);
  if (text.starts_with('"')) {
    text.remove_prefix(1);
    text = text.substr(0, text.rfind('"'));
  }
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), "", false};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), true};
}

}  // namespace

void Interpreter::do_echo(const Expanded& command, const CommandText& taken) {
  const std::string_view text = taken.arguments;
  const std::string_view word = trim(text);
  succeed();
  if (same_name(word, "on") || same_name(word, "off")) return;
  const bool asks = word.empty() && (text.empty() || is_blank(text.front()));
  const std::string printed = asks ? "ECHO is off." : std::string(text.substr(1));
  emit(command.line, fold_blanks(command.shown), Print{printed, with_outer(command.redirections)});
}

void Interpreter::do_set(const Expanded& command, const CommandText& taken) {
  if (const auto expression = behind_switch(taken.arguments, "/a"))
    return set_number(command, *expression);
  if (const auto assignment = behind_switch(taken.arguments, "/p"))
    return ask_for_value(command, *assignment);
  auto [name, value, assigns] = take_assignment(taken.arguments);
  if (!assigns) return show_variables(command, trim(name));
  if (name.empty())
    end_with(1);
  else
    succeed();
  if (!name.empty()) environment_.set(name, std::move(value));
  emit(command.line, fold_blanks(command.shown), Performed{});
}

void Interpreter::show_variables(const Expanded& command, std::string_view start) {
  std::string text;
  for (const Variable& variable : environment_.starting_with(start))
    text += fmt::format("{}{}={}", text.empty() ? "" : "\n", variable.name, variable.value);
  if (text.empty())
    end_with(1);
  else
    succeed();
  emit(command.line, fold_blanks(command.shown), Print{text, with_outer(command.redirections)});
}

void Interpreter::set_number(const Expanded& command, std::string_view expression) {
  const Variables variables{
      .find = [this](std::string_view name) { return find_value(name, scope()); },
      .set = [this](std::string_view name,
                    int32_t value) { environment_.set(name, std::to_string(value)); }};
  const Calculated calculated = calculate(expression, variables);
  if (calculated.fault)
    end_with(calculated.errorlevel);
  else
    succeed();
  emit(command.line, fold_blanks(command.shown), Performed{});
}

void Interpreter::ask_for_value(const Expanded& command, std::string_view text) {
  auto [name, prompt, assigns] = take_assignment(text);
  emit(command.line, fold_blanks(command.shown),
       ReadLine{std::string(unquoted(prompt)), with_outer(command.redirections)});
  push(AfterReadLine{std::move(name)});
}

void Interpreter::run(const AfterReadLine& task) {
  const auto answer = take_answer<Content>();
  const bool read = answer && answer->text && !answer->text->empty();
  if (!read) return end_with(1);
  succeed();
  environment_.set(task.name, *answer->text);
}

void Interpreter::do_path(const Expanded& command, const CommandText& taken) {
  std::string_view value = taken.arguments;
  const bool clears = trim(value) == ";";
  value = trim_delimiters(value);
  succeed();
  if (value.empty() && !clears) return show_variables(command, "PATH");
  environment_.set("PATH", std::string(value));
  emit(command.line, fold_blanks(command.shown), Performed{});
}

void Interpreter::do_setlocal(const Expanded& command, const CommandText& taken) {
  if (saved_.size() >= limits_.setlocal_depth)
    return fail(command.line, fmt::format("there are more than {} setlocals", saved_.size()),
                "end them with endlocal", command.shown);
  saved_.push_back({environment_, folder_, delayed_});
  for (const std::string& word : split_words(taken.arguments)) {
    if (same_name(word, "enabledelayedexpansion")) delayed_ = true;
    if (same_name(word, "disabledelayedexpansion")) delayed_ = false;
  }
  succeed();
}

void Interpreter::do_endlocal() {
  succeed();
  if (saved_.size() <= frame().saved_at_entry) return;
  environment_ = std::move(saved_.back().environment);
  folder_ = std::move(saved_.back().folder);
  delayed_ = saved_.back().delayed;
  saved_.pop_back();
}

void Interpreter::do_shift(const CommandText& taken) {
  const auto number = behind_switch(taken.arguments, "/");
  const size_t first = number && !number->empty() && is_digit(number->front())
                           ? static_cast<size_t>(number->front() - '0')
                           : 0;
  Arguments& arguments = frame().arguments;
  if (first < arguments.values.size())
    arguments.values.erase(arguments.values.begin() + static_cast<std::ptrdiff_t>(first));
  if (first == 0) arguments.zero_shifted = true;
  succeed();
}

void Interpreter::do_cd(const Expanded& command, const CommandText& taken) {
  std::string_view path = taken.arguments;
  if (const auto drive_too = behind_switch(path, "/d")) path = *drive_too;
  const std::string wanted(trim(without_quotes(trim_delimiters(path))));
  succeed();
  if (wanted.empty())
    return emit(command.line, fold_blanks(command.shown),
                Print{folder_, with_outer(command.redirections)});
  change_folder(command, join_path(folder_, wanted), false);
}

// "y:" goes to where one was on that drive; here that is its root, unless one is on it already.
void Interpreter::do_drive(const Expanded& command, const CommandText& taken) {
  const bool there = starts_with_name(folder_, taken.name);
  change_folder(command, there ? folder_ : taken.name + "\\", false);
}

void Interpreter::change_folder(const Expanded& command, std::string folder, bool pushed) {
  emit(command.line, fold_blanks(command.shown), ChangeFolder{folder});
  push(AfterChangeFolder{std::move(folder), pushed});
}

void Interpreter::run(const AfterChangeFolder& task) {
  const auto answer = take_answer<Existence>();
  if (!answer || !answer->there) return end_with(1);
  succeed();
  if (task.pushed) pushed_folders_.push_back(folder_);
  folder_ = task.folder;
}

void Interpreter::do_pushd(const Expanded& command, const CommandText& taken) {
  const std::string wanted = without_quotes(trim_delimiters(taken.arguments));
  if (pushed_folders_.size() >= limits_.pushd_depth)
    return fail(command.line, fmt::format("pushd was used {} times", pushed_folders_.size()),
                "go back with popd", command.shown);
  change_folder(command, join_path(folder_, wanted), !wanted.empty());
}

void Interpreter::do_popd(const Expanded& command) {
  if (pushed_folders_.empty()) {
    end_with(1);
  } else {
    succeed();
    folder_ = std::move(pushed_folders_.back());
    pushed_folders_.pop_back();
  }
  emit(command.line, fold_blanks(command.shown), Performed{});
}

void Interpreter::do_pause(const Expanded& command) {
  succeed();
  emit(command.line, "", Note{"pause does not wait: nobody is there to press a key"});
}

}  // namespace tasuki::batch
