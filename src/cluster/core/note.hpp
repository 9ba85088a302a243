// What is worth telling people, as a value.
#pragma once

#include <string>

namespace tasuki::core {

// What happened, to what, because of what.
struct Note {
  enum class Level { info, warning, error };
  Level level = Level::info;
  std::string subject;
  std::string text;
};

}  // namespace tasuki::core
