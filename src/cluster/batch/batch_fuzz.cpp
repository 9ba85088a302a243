// Whatever bytes a script has: reading, checking and running it ends, without undefined behaviour.
#include <cstdint>

#include "cluster/batch/check.hpp"
#include "cluster/batch/interpreter.hpp"
#include "kit/assert.hpp"

namespace tasuki::batch {
namespace {

constexpr int kStepsMax = 300;

void check(const ScriptPointer& script) {
  Surveyed surveyed;
  surveyed.files = {{script, {"beside.bat"}, script}};
  surveyed.services = {"Base Server"};
  for (const Diagnostic& found : check_scripts(surveyed)) {
    TASUKI_ASSERT(found.line >= 1);
    TASUKI_ASSERT(found.line <= static_cast<int>(script->lines.size()));
    TASUKI_ASSERT(!found.what.empty() && !found.expected.empty());
  }
}

// Answers of every kind, the same ones for the same script.
Answer answer(const Effect& effect, const ScriptPointer& script, int step) {
  const bool odd = step % 2 == 1;
  if (const auto* const run = std::get_if<RunCommand>(&effect.action)) {
    if (run->stages.size() == 1 && step % 5 == 0) return ScriptFound{script};
    return Exited{step % 3, run->captured ? effect.command : ""};
  }
  if (std::holds_alternative<FileExists>(effect.action) ||
      std::holds_alternative<ChangeFolder>(effect.action))
    return Existence{odd};
  if (std::holds_alternative<MatchFiles>(effect.action)) return Names{{"a.log", "b \"c\".log"}};
  if (std::holds_alternative<ReadFile>(effect.action) ||
      std::holds_alternative<ReadLine>(effect.action))
    return Content{odd ? std::optional<std::string>("one two\n;three\n") : std::nullopt};
  if (std::holds_alternative<AskMoment>(effect.action))
    return Moment{"2026/10/05", "14:03:22.25", "12345"};
  return Done{};
}

void run(const ScriptPointer& script) {
  Environment environment;
  environment.set("ARMS_EVENT", "START");
  environment.set("X", "a \"b\" & c");
  Interpreter interpreter({.script = script,
                           .name = "start.bat",
                           .full_path = "C:\\scripts\\start.bat",
                           .arguments = {"one", "\"two words\""},
                           .environment = std::move(environment),
                           .folder = "C:\\scripts",
                           .limits = {.quiet_work = 2000}});
  Answer next = Done{};
  for (int step = 0; step < kStepsMax; ++step) {
    const Effect effect = interpreter.step(std::move(next));
    if (std::holds_alternative<Finished>(effect.action)) return;
    if (std::holds_alternative<Failed>(effect.action)) return;
    next = answer(effect, script, step);
  }
}

}  // namespace
}  // namespace tasuki::batch

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tasuki::batch;
  auto script = read_script("t.bat", {reinterpret_cast<const char*>(data), size});
  if (!script) return 0;
  const auto shared = std::make_shared<const Script>(std::move(*script));
  check(shared);
  run(shared);
  return 0;
}
