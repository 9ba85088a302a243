// Whatever becomes of the bytes on the disk: what is read is what the records up to one of them
// made, and that something behind it is wrong is told. Whatever bytes a message or a followed file
// has: it is read as what it is written as again, or not at all.
#include <algorithm>
#include <cstdint>
#include <fuzzer/FuzzedDataProvider.h>

#include "cluster/settings/file_item.hpp"
#include "cluster/settings/message.hpp"
#include "cluster/settings/record.hpp"
#include "kit/assert.hpp"

namespace tasuki::settings {
namespace {

constexpr size_t kRecordsMax = 8;
constexpr size_t kPiecesMax = 4;
constexpr size_t kTextMax = 40;
constexpr size_t kZerosMax = 600;

struct File {
  std::string bytes;
  std::vector<Contents> after = {{}};  // what the first records make, by their number
};

std::vector<Edit> edits_from(FuzzedDataProvider& input) {
  std::vector<Edit> edits;
  for (size_t left = input.ConsumeIntegralInRange<size_t>(0, kPiecesMax); left > 0; --left)
    edits.push_back(
        {static_cast<Edit::What>(input.ConsumeIntegralInRange(
             static_cast<int>(Edit::What::put), static_cast<int>(Edit::What::erase_all_at))),
         input.ConsumeRandomLengthString(kTextMax), input.ConsumeRandomLengthString(kTextMax)});
  return edits;
}

std::vector<Item> items_from(FuzzedDataProvider& input) {
  std::vector<Item> items;
  for (size_t left = input.ConsumeIntegralInRange<size_t>(0, kPiecesMax); left > 0; --left)
    items.push_back({input.ConsumeRandomLengthString(kTextMax),
                     {input.ConsumeRandomLengthString(kTextMax), input.ConsumeBool(),
                      input.ConsumeIntegral<uint64_t>()}});
  return items;
}

File file_from(FuzzedDataProvider& input) {
  File file;
  for (size_t left = input.ConsumeIntegralInRange<size_t>(1, kRecordsMax); left > 0; --left) {
    const core::GroupName group{input.ConsumeBool() ? "office" : ""};
    const auto& now = file.after.back();
    const auto content = now.find(group);
    Record record = Changes{group, content == now.end() ? 1 : content->second.number + 1,
                            input.ConsumeIntegral<uint64_t>(), edits_from(input)};
    if (input.ConsumeBool())
      record = Copied{group,
                      input.ConsumeBool(),
                      items_from(input),
                      input.ConsumeIntegral<uint32_t>(),
                      input.ConsumeIntegral<uint64_t>(),
                      input.ConsumeIntegral<uint64_t>(),
                      input.PickValueInArray({core::SettingsStand::Soundness::sound,
                                              core::SettingsStand::Soundness::torn,
                                              core::SettingsStand::Soundness::damaged})};
    file.bytes += encode(record, file.after.size() - 1);
    const FileState state = read_file_state(file.bytes);
    TASUKI_ASSERT(state.soundness == core::SettingsStand::Soundness::sound);
    TASUKI_ASSERT(state.records == file.after.size() && state.bytes == file.bytes.size());
    file.after.push_back(state.contents);
  }
  file.bytes.append(input.ConsumeIntegralInRange<size_t>(0, kZerosMax), '\0');
  return file;
}

// A piece that is lost, is something else, or was written to another place.
void damage(std::string& bytes, FuzzedDataProvider& input) {
  if (bytes.empty()) return;
  const auto place = [&] { return input.ConsumeIntegralInRange<size_t>(0, bytes.size() - 1); };
  const size_t at = place();
  const size_t length = std::min(place(), bytes.size() - at);
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0:
      bytes.resize(at);
      break;
    case 1: {
      const std::string other = input.ConsumeRandomLengthString(length);
      bytes.replace(at, other.size(), other);
      break;
    }
    case 2:
      bytes.replace(at, length, length, '\0');
      break;
    default: {
      const std::string other = bytes.substr(place(), length);
      bytes.replace(at, other.size(), other);
    }
  }
}

bool equal(const Contents& one, const Contents& other) {
  return std::ranges::equal(one, other, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.entries() == b.second.entries() &&
           a.second.number == b.second.number && a.second.committed == b.second.committed &&
           a.second.forgotten == b.second.forgotten;
  });
}

void check_file(FuzzedDataProvider& input) {
  const File file = file_from(input);
  std::string bytes = file.bytes;
  for (size_t left = input.ConsumeIntegralInRange<size_t>(0, kPiecesMax); left > 0; --left)
    damage(bytes, input);
  const FileState state = read_file_state(bytes);
  TASUKI_ASSERT(state.records < file.after.size());
  TASUKI_ASSERT(equal(state.contents, file.after[state.records]));
  TASUKI_ASSERT(bytes.compare(0, state.bytes, file.bytes, 0, state.bytes) == 0);
  const bool nothing_behind =
      std::string_view(bytes).find_first_not_of('\0', state.bytes) == std::string_view::npos;
  TASUKI_ASSERT((state.soundness == core::SettingsStand::Soundness::sound) == nothing_behind);
}

void check_bytes(const std::string& bytes) {
  TASUKI_ASSERT(read_file_state(bytes).bytes <= bytes.size());
  if (const auto message = decode(bytes))
    TASUKI_ASSERT(decode(encode(*message)).value() == *message);
  if (const auto item = file_item_of(bytes))
    TASUKI_ASSERT(same(file_item_of(data_of(*item)).value(), *item));
}

}  // namespace
}  // namespace tasuki::settings

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tasuki::settings::check_bytes({reinterpret_cast<const char*>(data), size});
  FuzzedDataProvider input(data, size);
  tasuki::settings::check_file(input);
  return 0;
}
