// Whatever bytes a configuration has: it is read, or its mistakes are told with lines it has.
#include <algorithm>
#include <cstdint>

#include "cluster/config/parse.hpp"
#include "kit/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto outcome = tasuki::config::parse_config(text, "cluster.toml");
  TASUKI_ASSERT(outcome.config.has_value() == outcome.mistakes.empty());
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const auto* const found : {&outcome.mistakes, &outcome.warnings})
    for (const auto& diagnostic : *found) {
      TASUKI_ASSERT(diagnostic.line >= 1);
      TASUKI_ASSERT(diagnostic.line <= lines);
    }
  return 0;
}
