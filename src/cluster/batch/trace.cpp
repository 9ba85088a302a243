#include "cluster/batch/trace.hpp"

#include <fmt/format.h>

namespace tasuki::batch {

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
  }
  trace.failure = fmt::format(
      "after {} steps the script has not come to its end; it seems to wait for something in a loop",
      kTraceStepsMax);
  return trace;
}

}  // namespace tasuki::batch
