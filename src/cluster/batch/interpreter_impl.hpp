// What the files of the interpreter share and nobody else needs.
#pragma once

#include "cluster/batch/arithmetic.hpp"
#include "cluster/batch/interpreter.hpp"

namespace tasuki::batch {

// Of cmd.exe's extensions, which are always on here.
inline constexpr int kExtensionVersion = 2;

template <class Question>
void Interpreter::ask(int line, Question question, Task task) {
  push(std::move(task));
  emit(line, "", std::move(question));
}

template <class Kind>
std::optional<Kind> Interpreter::take_answer() {
  if (!answer_ || !std::holds_alternative<Kind>(*answer_)) return std::nullopt;
  auto kind = std::get<Kind>(std::move(*answer_));
  answer_.reset();
  return kind;
}

}  // namespace tasuki::batch
