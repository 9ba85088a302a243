// Whatever bytes a clp.conf has: it is refused with a line it has, or what comes of it is TOML in
// which only what is to be filled in is missing.
#include <algorithm>
#include <cstdint>

#include "cluster/clp/import.hpp"
#include "cluster/config/document.hpp"
#include "kit/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto lines = [](std::string_view text) { return std::ranges::count(text, '\n') + 1; };
  const auto imported = tasuki::clp::import_clp(bytes);
  if (!imported) {
    TASUKI_ASSERT(imported.error().line >= 1);
    TASUKI_ASSERT(imported.error().line <= lines(bytes));
    return 0;
  }
  tasuki::Report report("");
  TASUKI_ASSERT(tasuki::config::parse_document(imported->toml, report).has_value());
  bool any_missing = false;
  for (const auto& note : imported->notes) {
    any_missing = any_missing || note.kind == tasuki::clp::NoteKind::to_fill_in;
    TASUKI_ASSERT(note.line >= 0);
    TASUKI_ASSERT(note.line <= lines(bytes));
    TASUKI_ASSERT(note.toml_line <= lines(imported->toml));
  }
  TASUKI_ASSERT(imported->complete != any_missing);
  return 0;
}
