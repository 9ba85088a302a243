#include "cluster/settings/record.hpp"

#include <gmock/gmock.h>

#include "cluster/settings/message.hpp"

namespace tasuki::settings {
namespace {

using Soundness = core::SettingsStand::Soundness;
using enum Edit::What;

const core::GroupName kGroup{"staroffice"};

struct File {
  std::string bytes;
  std::vector<size_t> begins;  // of its records

  void add(const Record& record) {
    begins.push_back(bytes.size());
    bytes += encode(record, begins.size() - 1);
  }
};

File three_changes() {
  File file;
  file.add(Changes{kGroup, 1, 0, {{put, "URLPREFIX", "/office"}, {put, "CLUSTER", "yes"}}});
  file.add(Changes{kGroup, 2, 1, {{erase, "CLUSTER"}}});
  file.add(Changes{kGroup, 3, 2, {{put, "SELFADDR", "192.168.1.10"}}});
  return file;
}

TEST(Record, a_file_says_what_its_records_make) {
  File file = three_changes();
  file.bytes.resize(file.bytes.size() + 4096, '\0');
  const FileState state = read_file_state(file.bytes);
  EXPECT_EQ(state.soundness, Soundness::sound);
  EXPECT_EQ(state.records, 3);
  const Content& content = state.contents.at(kGroup);
  EXPECT_EQ(*content.find("URLPREFIX"), "/office");
  EXPECT_EQ(content.find("CLUSTER"), nullptr);
  EXPECT_EQ(content.number, 3);
  EXPECT_EQ(content.committed, 2);
}

TEST(Record, a_copy_replaces_all_or_adds) {
  const Content before = read_file_state(three_changes().bytes).contents.at(kGroup);
  File file;
  file.add(copy_of(kGroup, before, Soundness::torn));
  EXPECT_EQ(read_file_state(file.bytes).soundness_of.at(kGroup), Soundness::torn);
  EXPECT_EQ(read_file_state(file.bytes).contents.at(kGroup).digest(), before.digest());
  file.add(Copied{kGroup, false, {{"MASTERHOST", {"sv1", true, 9}}}, 9, 9, 0});
  const FileState after = read_file_state(file.bytes);
  EXPECT_TRUE(after.soundness_of.empty());
  EXPECT_EQ(after.contents.at(kGroup).number, 9);
  EXPECT_EQ(*after.contents.at(kGroup).find("MASTERHOST"), "sv1");
  EXPECT_EQ(*after.contents.at(kGroup).find("SELFADDR"), "192.168.1.10");
}

TEST(Record, a_record_that_was_not_finished_is_torn_wherever_it_was_broken_off) {
  const File file = three_changes();
  for (size_t end = file.begins[2] + 1; end < file.bytes.size(); ++end) {
    const FileState state = read_file_state(file.bytes.substr(0, end));
    EXPECT_EQ(state.soundness, Soundness::torn) << end;
    EXPECT_EQ(state.records, 2);
    EXPECT_EQ(state.bytes, file.begins[2]);
  }
}

TEST(Record, no_bit_can_turn_unnoticed) {
  const File file = three_changes();
  for (size_t bit = 0; bit < file.bytes.size() * 8; ++bit) {
    std::string bytes = file.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const FileState state = read_file_state(bytes);
    const bool in_last = bit / 8 >= file.begins[2];
    EXPECT_EQ(state.soundness, in_last ? Soundness::torn : Soundness::damaged) << bit;
  }
}

TEST(Record, records_do_not_count_in_another_place) {
  const File file = three_changes();
  const std::string first = file.bytes.substr(0, file.begins[1]);
  EXPECT_EQ(read_file_state(first + first).soundness, Soundness::torn);
  EXPECT_EQ(read_file_state(first + file.bytes.substr(file.begins[2])).records, 1);
}

TEST(SettingsMessage, is_read_as_it_was_written) {
  const std::vector<Message> messages = {
      Changed{
          kGroup, 7, 6, {{put, "a", std::string("\0\xff", 2)}, {erase, "b"}, {erase_all_at, "c"}}},
      Stored{kGroup, "1.2/3", 12345678901}, Wanted{kGroup, "1.2/3", false, 17, {"a", "b"}},
      Part{kGroup, "1.2/3", core::NodeId{2}, true, true, {{"a", {"x", false, 3}}}, 9, 8, 7, "abc"}};
  for (const Message& message : messages) {
    const std::string bytes = encode(message);
    EXPECT_EQ(bytes.front(), kFirstByte);
    EXPECT_EQ(decode(bytes).value(), message);
    for (size_t end = 0; end < bytes.size(); ++end)
      EXPECT_FALSE(decode(bytes.substr(0, end)).has_value());
  }
}

}  // namespace
}  // namespace tasuki::settings
