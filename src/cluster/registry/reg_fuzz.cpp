// Whatever bytes a .reg file has: it is read, or its mistakes are told; and what was read is the
// same once it was written and read again.
#include <cstdint>

#include "cluster/registry/reg_file.hpp"
#include "kit/assert.hpp"

namespace tasuki::registry {
namespace {

Tree tree_of(const RegFile& file) {
  Tree tree;
  for (const LineChange& one : file.changes) tree.apply(one.change);
  return tree;
}

void check_file(std::string_view bytes) {
  const RegFile file = read_reg_file("a.reg", bytes);
  TASUKI_ASSERT(file.mistakes.empty() || file.changes.empty());
  for (const Diagnostic& found : file.mistakes) {
    TASUKI_ASSERT(found.line >= 1 && found.line <= static_cast<int>(bytes.size()) + 1);
    TASUKI_ASSERT(!found.what.empty() && !found.expected.empty());
    TASUKI_ASSERT(is_utf8(to_text(found)));
  }
  for (const LineChange& one : file.changes) {
    const KeyPath& key = key_of(one.change);
    TASUKI_ASSERT(KeyPath::parse(key.text()).value().text() == key.text());
    if (const auto* const set = std::get_if<SetValue>(&one.change))
      TASUKI_ASSERT(check(set->value));
  }
  const Tree tree = tree_of(file);
  for (const RegEncoding encoding : {RegEncoding::Utf16, RegEncoding::Utf8}) {
    const std::string written = write_reg_file(tree, tree.roots(), encoding);
    const RegFile again = read_reg_file("b.reg", written);
    TASUKI_ASSERT(again.mistakes.empty());
    TASUKI_ASSERT(tree_of(again) == tree);
    TASUKI_ASSERT(write_reg_file(tree_of(again), tree.roots(), encoding) == written);
  }
}

}  // namespace
}  // namespace tasuki::registry

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tasuki::registry::check_file({reinterpret_cast<const char*>(data), size});
  return 0;
}
