#include "cluster/witness/slot.hpp"

#include <gmock/gmock.h>

namespace tasuki::witness {
namespace {

using testing::HasSubstr;

const Slot kSlot{core::NodeId{2}, 17, Claim::has, "1.42", 3, 5, 9};

TEST(Slot, is_read_as_it_was_written) {
  for (const Claim claim : {Claim::none, Claim::wants, Claim::has}) {
    Slot slot = kSlot;
    slot.claim = claim;
    if (claim == Claim::has) slot.released.reset();
    slot.reach = claim == Claim::wants ? Reach::no : Reach::yes;
    if (claim == Claim::wants) slot.apart = {core::NodeId{1}, core::NodeId{4}};
    const auto read = decode(encode(slot, "key"), "key");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, slot);
  }
}

TEST(Slot, may_be_followed_by_the_rest_of_its_block) {
  EXPECT_EQ(decode(encode(kSlot, "key") + std::string(100, '\0'), "key").value(), kSlot);
}

TEST(Slot, is_refused_when_a_single_bit_is_not_as_it_was_written) {
  const std::string text = encode(kSlot, "key");
  for (size_t place = 0; place + 1 < text.size(); ++place) {
    std::string damaged = text;
    damaged[place] = static_cast<char>(damaged[place] ^ 4);
    EXPECT_FALSE(decode(damaged, "key")) << place;
  }
}

TEST(Slot, is_refused_when_it_is_cut_short_or_another_clusters) {
  const std::string text = encode(kSlot, "key");
  EXPECT_FALSE(decode("", "key"));
  EXPECT_FALSE(decode(text.substr(0, text.size() - 1), "key"));
  EXPECT_THAT(decode(text, "other").error().what, HasSubstr("another cluster's key"));
}

}  // namespace
}  // namespace tasuki::witness
