// Scripts as offices have them, in samples/: what each runs for every event, server and state of
// the disk (cases/samples.txt), and that check finds nothing in them. base/ has the line ends of
// Windows, forum/ is in code page 932, mail/stop.bat begins with a byte order mark.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/batch/case_file.hpp"
#include "cluster/batch/check.hpp"
#include "cluster/batch/trace.hpp"
#include "kit/file.hpp"

namespace tasuki::batch {
namespace {

ScriptPointer read_sample(const std::string& name) {
  const std::string bytes = read_file(fmt::format("{}/{}", TASUKI_BATCH_SAMPLES, name)).value();
  return std::make_shared<Script>(read_script(name, bytes).value());
}

// All commands succeed.
class Plain : public Surroundings {
 public:
  Answer answer(const Effect& effect) override {
    if (std::holds_alternative<RunCommand>(effect.action)) return Exited{};
    if (std::holds_alternative<AskMoment>(effect.action))
      return Moment{"2026/10/05", "14:03:22.25", "12345"};
    return Done{};
  }
};

std::string trace_of(const ScriptPointer& script, const std::string& event,
                     const std::string& server, const std::string& disk) {
  Environment environment;
  environment.set("ARMS_EVENT", event);
  environment.set("ARMS_SERVER", server);
  environment.set("ARMS_DISK", disk);
  Plain plain;
  const Trace traced = trace({.script = script,
                              .name = script->path,
                              .full_path = "W:\\scripts\\" + script->path,
                              .arguments = {},
                              .environment = environment,
                              .folder = "W:\\scripts"},
                             plain);
  std::string results;
  for (const auto& command : traced.commands) results += fmt::format("  > {}\n", command.command);
  if (traced.exit_code != 0) results += fmt::format("  > (exit code {})\n", traced.exit_code);
  if (traced.failure) results += fmt::format("  ! {}\n", *traced.failure);
  return results;
}

// Situations with the same commands stand together.
std::string traces_of(const CaseText& text) {
  const ScriptPointer script = read_sample(text.settings.at(0).value);
  std::vector<std::pair<std::string, std::string>> situations_by_trace;
  for (const char* const event : {"START", "FAILOVER", "RECOVER"})
    for (const char* const server : {"HOME", "OTHER"})
      for (const char* const disk : {"SUCCESS", "FAILURE"}) {
        const std::string traced = trace_of(script, event, server, disk);
        const std::string situation = fmt::format("  = {} {} {}\n", event, server, disk);
        const auto same = std::ranges::find(situations_by_trace, traced,
                                            &std::pair<std::string, std::string>::second);
        if (same == situations_by_trace.end())
          situations_by_trace.emplace_back(situation, traced);
        else
          same->first += situation;
      }
  std::string results;
  for (const auto& [situations, traced] : situations_by_trace) results += situations + traced;
  return results;
}

TEST(Samples, run_what_the_file_says) {
  expect_cases("samples", traces_of);
}

TEST(Samples, have_nothing_for_check_to_find) {
  int pairs = 0;
  for (const auto& folder : std::filesystem::directory_iterator(TASUKI_BATCH_SAMPLES)) {
    const std::string name = folder.path().filename();
    Surveyed surveyed;
    surveyed.files = {{read_sample(name + "/start.bat"), {}, nullptr},
                      {read_sample(name + "/stop.bat"), {}, nullptr}};
    surveyed.services = {"Office Base Server", "Office Mail Gateway", "Office Database",
                         "Office Workflow",    "Office Form Server",  "Office Web Front",
                         "Office Forum"};
    for (const Diagnostic& found : check_scripts(surveyed)) ADD_FAILURE() << to_text(found);
    ++pairs;
  }
  EXPECT_EQ(pairs, 7);
}

}  // namespace
}  // namespace tasuki::batch
