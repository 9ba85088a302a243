// What 100,000 keys of three values each cost: the memory of a Tree, and the time of making,
// copying, searching, walking, writing and reading it. registry_bench prints one line for each.
#include <algorithm>
#include <chrono>
#include <functional>
#include <malloc.h>
#include <vector>

#include <fmt/format.h>

#include "cluster/registry/reg_file.hpp"
#include "kit/assert.hpp"

namespace tasuki::registry {
namespace {

constexpr int kKeys = 100'000;
constexpr int kKeysPerParent = 100;
constexpr int kRounds = 5;

KeyPath key_path(int number) {
  return KeyPath::parse(fmt::format("HKLM\\SOFTWARE\\NEC\\StarOffice Server\\Users\\{:04}\\{:08}",
                                    number / kKeysPerParent, number))
      .value();
}

std::vector<Change> make_changes() {
  std::vector<Change> changes;
  for (int number = 0; number < kKeys; ++number) {
    const KeyPath key = key_path(number);
    changes.emplace_back(
        SetValue{{key, "Name"}, String{fmt::format("Person with the number {}", number)}});
    changes.emplace_back(SetValue{{key, "Quota"}, Dword{static_cast<std::uint32_t>(number)}});
    changes.emplace_back(SetValue{{key, "Certificate"}, Binary{Bytes(32, 0xA5)}});
  }
  return changes;
}

Tree make_tree(const std::vector<Change>& changes) {
  Tree tree;
  for (const Change& change : changes) tree.apply(change);
  return tree;
}

// The median of some rounds.
void time(std::string_view what, const std::function<void()>& work) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    const auto ended = std::chrono::steady_clock::now();
    times.push_back(std::chrono::duration<double, std::milli>(ended - begun).count());
  }
  std::ranges::sort(times);
  fmt::print("{:<28} {:8.1f} ms\n", what, times[times.size() / 2]);
}

void measure() {
  const std::vector<Change> changes = make_changes();
  const size_t before = mallinfo2().uordblks;
  const Tree tree = make_tree(changes);
  const size_t bytes = mallinfo2().uordblks - before;
  fmt::print("{} keys, {} values: {:.1f} MiB, {} bytes a key with its values\n", tree.key_count(),
             changes.size(), static_cast<double>(bytes) / 1024 / 1024, bytes / tree.key_count());

  time("making it", [&] { TASUKI_ASSERT(make_tree(changes).key_count() == tree.key_count()); });
  time("copying it", [&] { TASUKI_ASSERT(Tree(tree).key_count() == tree.key_count()); });
  time("finding each key", [&] {
    for (int number = 0; number < kKeys; ++number)
      TASUKI_ASSERT(tree.find(key_path(number)) != nullptr);
  });
  const KeyPath top = tree.roots().front();
  time("walking it in order", [&] {
    size_t count = 0;
    tree.walk(top, [&](const KeyPath&, const Key&) { ++count; });
    TASUKI_ASSERT(count == tree.key_count());
  });
  const std::vector<KeyPath> tops{top};
  std::string file;
  time("writing a .reg file", [&] { file = write_reg_file(tree, tops, RegEncoding::Utf16); });
  fmt::print("the file: {:.1f} MiB\n", static_cast<double>(file.size()) / 1024 / 1024);
  time("reading it", [&] { TASUKI_ASSERT(read_reg_file("a.reg", file).mistakes.empty()); });
}

}  // namespace
}  // namespace tasuki::registry

int main() {
  tasuki::registry::measure();
}
