#include "cluster/batch/case_file.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

#include "cluster/batch/arithmetic.hpp"
#include "cluster/batch/trace.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kFolder = "C:\\scripts";

// What the settings of a case say there is.
class Told : public Surroundings {
 public:
  Answer answer(const Effect& effect) override {
    if (const auto* const run = std::get_if<Run>(&effect.action)) return run_answer(*run);
    if (const auto* const exists = std::get_if<FileExists>(&effect.action))
      return Existence{existing.contains(exists->path) || files.contains(exists->path)};
    if (const auto* const match = std::get_if<MatchFiles>(&effect.action))
      return Names{matches[match->pattern]};
    if (const auto* const read = std::get_if<ReadFile>(&effect.action))
      return Content{files.contains(read->path) ? std::optional(files[read->path]) : std::nullopt};
    if (const auto* const change = std::get_if<ChangeFolder>(&effect.action))
      return Existence{!missing_folders.contains(change->folder)};
    if (std::holds_alternative<ReadLine>(effect.action)) return Content{input};
    if (std::holds_alternative<AskMoment>(effect.action))
      return Moment{"2026/10/05", fmt::format("14:03:{:02}.25", ++moments), "12345"};
    return Done{};
  }

  std::map<std::string, std::string> files;
  std::map<std::string, int> codes;
  std::map<std::string, std::string> outputs;
  std::map<std::string, std::vector<std::string>> matches;
  std::set<std::string> existing;
  std::set<std::string> missing_folders;
  std::optional<std::string> input;
  int moments = 0;

 private:
  Answer run_answer(const Run& run) {
    const std::string& name = run.stages.back().name;
    if (is_batch_file(name) && files.contains(name)) {
      auto script = read_script(name, files[name]);
      return ScriptFound{std::make_shared<Script>(std::move(*script))};
    }
    return Exited{codes[name], outputs[name]};
  }
};

struct Case {
  Told told;
  Environment environment;
  std::vector<std::string> arguments;
  std::string script;
};

void take_setting(Case& told_case, std::string_view setting, std::string& last_file) {
  const size_t blank = std::min(setting.find(' '), setting.size());
  const std::string_view kind = setting.substr(0, blank);
  const std::string value(setting.substr(std::min(blank + 1, setting.size())));
  std::vector<std::string> words = split_by_blanks(value);
  Told& told = told_case.told;
  if (kind == "set") {
    const size_t equals = value.find('=');
    told_case.environment.set(value.substr(0, equals), value.substr(equals + 1));
  } else if (kind == "args") {
    told_case.arguments = words;
  } else if (kind == "exits") {
    told.codes[words.at(0)] = leading_number(words.at(1));
  } else if (kind == "prints") {
    told.outputs[words.at(0)] = value.substr(words.at(0).size() + 1);
  } else if (kind == "exists") {
    told.existing.insert(value);
  } else if (kind == "nofolder") {
    told.missing_folders.insert(value);
  } else if (kind == "match") {
    told.matches[words.at(0)] = {words.begin() + 1, words.end()};
  } else if (kind == "input") {
    told.input = value;
  } else {
    last_file = value;
    told.files[value] = "";
  }
}

void read_case(const std::vector<std::string_view>& lines, Case& told_case) {
  std::string last_file;
  for (std::string_view line : lines) {
    const std::string_view mark = line.substr(0, 3);
    const std::string_view text = line.substr(std::min<size_t>(line.size(), 4));
    if (mark == "  ?") take_setting(told_case, text, last_file);
    if (mark == "  +") told_case.told.files[last_file] += fmt::format("{}\n", text);
    if (mark == "  |") told_case.script += fmt::format("{}\n", text);
  }
}

std::string result_of(const std::vector<std::string_view>& lines) {
  Case told_case;
  read_case(lines, told_case);
  const auto script = read_script("t.bat", told_case.script);
  if (!script) return fmt::format("  ! {}\n", script.error().what);
  const Trace traced = trace({.script = std::make_shared<Script>(*script),
                              .name = "t.bat",
                              .full_path = fmt::format("{}\\t.bat", kFolder),
                              .arguments = told_case.arguments,
                              .environment = told_case.environment,
                              .folder = std::string(kFolder)},
                             told_case.told);
  std::string text;
  for (const TracedCommand& traced_command : traced.commands)
    text += fmt::format("  > {}\n", traced_command.command);
  for (const std::string& note : traced.notes) text += fmt::format("  ~ {}\n", note);
  if (traced.exit_code != 0) text += fmt::format("  = {}\n", traced.exit_code);
  if (traced.failure) text += fmt::format("  ! {}\n", *traced.failure);
  return text;
}

bool is_result(std::string_view line) {
  return line.starts_with("  > ") || line.starts_with("  ~ ") || line.starts_with("  = ") ||
         line.starts_with("  ! ");
}

bool is_title(std::string_view line) {
  return !line.empty() && line.front() != '#' && line.front() != ' ';
}

}  // namespace

std::string with_results(std::string_view file) {
  std::string text;
  std::vector<std::string_view> lines;  // of the case that is being read
  const auto end_case = [&text, &lines] {
    if (!lines.empty()) text += result_of(lines);
    lines.clear();
  };
  for (const std::string_view line : split(file, '\n')) {
    if (is_result(line)) continue;
    if (line.empty() || line.starts_with('#')) end_case();
    text += fmt::format("{}\n", line);
    if (is_title(line) || line.starts_with("  ")) lines.push_back(line);
  }
  text.pop_back();  // the line end that split() took for one more line
  return text;
}

int count_cases(std::string_view file) {
  int count = 0;
  for (const std::string_view line : split(file, '\n'))
    if (is_title(line)) ++count;
  return count;
}

}  // namespace tasuki::batch
