#include "cluster/resource/floating_ip/packets.hpp"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace tasuki::resource {
namespace {

const MacAddress kOwn = {0x52, 0x54, 0x00, 0x00, 0x00, 0x01};
const MacAddress kOther = {0x52, 0x54, 0x00, 0x00, 0x00, 0x02};
const IpAddress kV4 = boost::asio::ip::make_address("10.0.0.100");
const IpAddress kV6 = boost::asio::ip::make_address("fd00::12:3456");

std::string hex(const Frame& frame) {
  return fmt::format("{:02x}", fmt::join(frame, ""));
}

TEST(Packets, an_arp_probe_asks_without_a_sender_address) {
  EXPECT_EQ(hex(probe_frame(kOwn, kV4)),
            "ffffffffffff"
            "525400000001"
            "0806"  //
            "0001"
            "0800"
            "06"
            "04"
            "0001"  //
            "525400000001"
            "00000000"
            "000000000000"
            "0a000064");
}

TEST(Packets, an_arp_announcement_is_a_request_and_a_reply_for_oneself) {
  const auto frames = announcement_frames(kOwn, kV4);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(hex(frames[0]),
            "ffffffffffff"
            "525400000001"
            "0806"
            "0001"
            "0800"
            "06"
            "04"
            "0001"
            "525400000001"
            "0a000064"
            "000000000000"
            "0a000064");
  EXPECT_EQ(hex(frames[1]),
            "ffffffffffff"
            "525400000001"
            "0806"
            "0001"
            "0800"
            "06"
            "04"
            "0002"
            "525400000001"
            "0a000064"
            "525400000001"
            "0a000064");
}

TEST(Packets, an_ipv6_probe_goes_from_nobody_to_the_solicited_node_group) {
  EXPECT_EQ(hex(probe_frame(kOwn, kV6)),
            "3333ff123456"
            "525400000001"
            "86dd"  //
            "60000000"
            "0018"
            "3a"
            "ff"  //
            "00000000000000000000000000000000"
            "ff0200000000000000000001ff123456"
            "8700"
            "14d7"
            "00000000"
            "fd000000000000000000000000123456");
}

TEST(Packets, an_ipv6_announcement_overrides_what_neighbours_know) {
  const auto frames = announcement_frames(kOwn, kV6);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(hex(frames[0]),
            "333300000001"
            "525400000001"
            "86dd"
            "60000000"
            "0020"
            "3a"
            "ff"
            "fd000000000000000000000000123456"
            "ff020000000000000000000000000001"
            "8800"
            "a178"
            "20000000"
            "fd000000000000000000000000123456"
            "0201"
            "525400000001");
}

TEST(Packets, whoever_announces_or_probes_for_the_address_is_a_claimant) {
  for (const auto& address : {kV4, kV6}) {
    for (const auto& frame : announcement_frames(kOther, address))
      EXPECT_EQ(find_claimant(frame, kOwn, address), kOther) << address;
    EXPECT_EQ(find_claimant(probe_frame(kOther, address), kOwn, address), kOther) << address;
  }
}

TEST(Packets, ones_own_frames_and_other_addresses_are_no_claim) {
  const auto other_v4 = boost::asio::ip::make_address("10.0.0.101");
  const auto other_v6 = boost::asio::ip::make_address("fd00::12:3457");
  for (const auto& [address, other] : {std::pair{kV4, other_v4}, std::pair{kV6, other_v6}}) {
    for (const auto& frame : announcement_frames(kOther, other))
      EXPECT_FALSE(find_claimant(frame, kOwn, address)) << address;
    EXPECT_FALSE(find_claimant(probe_frame(kOther, other), kOwn, address));
    EXPECT_FALSE(find_claimant(probe_frame(kOwn, address), kOwn, address));
  }
}

TEST(Packets, asking_who_has_the_address_is_no_claim) {
  auto request = announcement_frames(kOther, boost::asio::ip::make_address("10.0.0.2"))[0];
  std::copy_n(kV4.to_v4().to_bytes().begin(), 4, request.end() - 4);
  EXPECT_FALSE(find_claimant(request, kOwn, kV4));
}

TEST(Packets, a_frame_cut_short_anywhere_is_no_claim) {
  for (const auto& address : {kV4, kV6}) {
    const auto whole = probe_frame(kOther, address);
    for (size_t length = 0; length < whole.size(); ++length)
      EXPECT_FALSE(find_claimant(std::span(whole).first(length), kOwn, address)) << length;
  }
}

}  // namespace
}  // namespace tasuki::resource
