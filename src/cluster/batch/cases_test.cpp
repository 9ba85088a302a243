// The language, case by case: what scripts of cases/*.txt run. Settings of a case:
//   set NAME=VALUE, args ARGS...      what the script is started with
//   exits NAME CODE, prints NAME TEXT how a command ends, what it prints
//   exists PATH, match PATTERN NAME.. what files there are
//   nofolder PATH, input TEXT         what is missing, what is typed
// Results: > commands, ~ notes, = an exit code other than 0, ! why the script failed
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/batch/arithmetic.hpp"
#include "cluster/batch/case_file.hpp"
#include "cluster/batch/trace.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kFolder = "C:\\scripts";

// What the settings of a case say there is.
class Told : public Surroundings {
 public:
  explicit Told(const CaseText& text) : files_(text.files) {
    for (const Setting& setting : text.settings) take(setting);
  }

  Answer answer(const Effect& effect) override {
    const Action& action = effect.action;
    if (const auto* const run = std::get_if<RunCommand>(&action)) return answer_run(*run);
    if (const auto* const asked = std::get_if<FileExists>(&action))
      return Existence{existing_.contains(asked->path) || files_.contains(asked->path)};
    if (const auto* const asked = std::get_if<MatchFiles>(&action))
      return Names{matches_[asked->pattern]};
    if (const auto* const asked = std::get_if<ReadFile>(&action)) {
      const auto file = files_.find(asked->path);
      return file == files_.end() ? Content{} : Content{file->second};
    }
    if (const auto* const asked = std::get_if<ChangeFolder>(&action))
      return Existence{!missing_folders_.contains(asked->folder)};
    if (std::holds_alternative<ReadLine>(action)) return Content{input_};
    if (std::holds_alternative<AskMoment>(action))
      return Moment{"2026/10/05", fmt::format("14:03:{:02}.25", ++moments_), "12345"};
    return Done{};
  }

 private:
  void take(const Setting& setting) {
    const std::string& value = setting.value;
    const auto words = split_by_blanks(value);
    if (setting.kind == "exits") codes_[words.at(0)] = leading_number(words.at(1));
    if (setting.kind == "prints") outputs_[words.at(0)] = value.substr(words.at(0).size() + 1);
    if (setting.kind == "exists") existing_.insert(value);
    if (setting.kind == "nofolder") missing_folders_.insert(value);
    if (setting.kind == "match") matches_[words.at(0)] = {words.begin() + 1, words.end()};
    if (setting.kind == "input") input_ = value;
  }

  Answer answer_run(const RunCommand& run) {
    const std::string& name = run.stages.back().name;
    if (!is_batch_file(name) || !files_.contains(name)) return Exited{codes_[name], outputs_[name]};
    return ScriptFound{std::make_shared<Script>(read_script(name, files_[name]).value())};
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, int> codes_;
  std::map<std::string, std::string> outputs_;
  std::map<std::string, std::vector<std::string>> matches_;
  std::set<std::string> existing_;
  std::set<std::string> missing_folders_;
  std::optional<std::string> input_;
  int moments_ = 0;
};

std::string trace_of(const CaseText& text) {
  Program program{.script = std::make_shared<Script>(read_script("t.bat", text.script).value()),
                  .name = "t.bat",
                  .full_path = fmt::format("{}\\t.bat", kFolder),
                  .arguments = {},
                  .environment = {},
                  .folder = std::string(kFolder)};
  for (const Setting& setting : text.settings) {
    const size_t equals = setting.value.find('=');
    if (setting.kind == "args") program.arguments = split_by_blanks(setting.value);
    if (setting.kind == "set")
      program.environment.set(setting.value.substr(0, equals), setting.value.substr(equals + 1));
  }
  Told told(text);
  const Trace traced = trace(std::move(program), told);
  std::string results;
  for (const auto& command : traced.commands) results += fmt::format("  > {}\n", command.command);
  for (const auto& note : traced.notes) results += fmt::format("  ~ {}\n", note);
  if (traced.exit_code != 0) results += fmt::format("  = {}\n", traced.exit_code);
  if (traced.failure) results += fmt::format("  ! {}\n", *traced.failure);
  return results;
}

class Cases : public testing::TestWithParam<const char*> {};

TEST_P(Cases, run_what_the_file_says) {
  expect_cases(GetParam(), trace_of);
}

INSTANTIATE_TEST_SUITE_P(Batch, Cases,
                         testing::Values("variables", "flow", "conditions", "commands", "loops",
                                         "arithmetic"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace tasuki::batch
