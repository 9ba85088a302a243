#include "cluster/batch/trace.hpp"

#include <fmt/format.h>

#include "cluster/batch/command.hpp"

namespace tasuki::batch {
namespace {

// A batch file that is not here and not called: what is behind it would not run either.
bool never_comes_back(const Effect& effect, const Answer& answer) {
  const auto* const run = std::get_if<RunCommand>(&effect.action);
  return run && !run->called && !run->captured && run->stages.size() == 1 &&
         is_batch_file(run->stages.front().name) && std::holds_alternative<Exited>(answer);
}

}  // namespace

Trace trace(Program program, Surroundings& surroundings) {
  Interpreter interpreter(std::move(program));
  Trace trace;
  Answer answer = Done{};
  for (int steps = 0; steps < kTraceStepsMax; ++steps) {
    const Effect effect = interpreter.step(std::move(answer));
    if (const auto* const finished = std::get_if<Finished>(&effect.action)) {
      trace.exit_code = finished->exit_code;
      return trace;
    }
    if (const auto* const failed = std::get_if<Failed>(&effect.action)) {
      trace.failure = to_text(*failed);
      return trace;
    }
    if (const auto* const note = std::get_if<Note>(&effect.action))
      trace.notes.push_back(fmt::format("{}:{}: {}", effect.file, effect.line, note->text));
    answer = surroundings.answer(effect);
    if (!effect.command.empty() && !std::holds_alternative<ScriptFound>(answer))
      trace.commands.push_back({effect.file, effect.line, effect.command});
    if (never_comes_back(effect, answer)) answer = ScriptFound{std::make_shared<const Script>()};
  }
  trace.failure = fmt::format(
      "after {} steps the script has not come to its end; it seems to wait for something in a loop",
      kTraceStepsMax);
  return trace;
}

}  // namespace tasuki::batch
