#include "cluster/resource/floating_ip/network.hpp"

#include <gmock/gmock.h>

namespace tasuki::resource {
namespace {

using testing::HasSubstr;

IpAddress ip(const char* text) {
  return boost::asio::ip::make_address(text);
}

core::FloatingIp wanted(const char* address, int prefix = 0, const char* interface = "") {
  return {address, prefix, interface};
}

Network two_interfaces() {
  return {.interfaces = {{.index = 1, .name = "lo", .up = true, .carrier = true},
                         {.index = 2, .name = "eth0", .up = true, .carrier = true},
                         {.index = 3, .name = "eth1", .up = true, .carrier = true}},
          .addresses = {{1, ip("127.0.0.1"), 8},
                        {2, ip("10.0.0.1"), 16},
                        {3, ip("10.0.5.1"), 24},
                        {3, ip("fd00:5::1"), 64},
                        {2, ip("10.0.9.9"), 32}}};
}

TEST(Place, is_the_interface_of_the_narrowest_network_that_holds_the_address) {
  EXPECT_EQ(find_place(wanted("10.0.5.100"), two_interfaces())->interface.name, "eth1");
  EXPECT_EQ(find_place(wanted("10.0.6.100"), two_interfaces())->interface.name, "eth0");
  EXPECT_EQ(find_place(wanted("fd00:5::100"), two_interfaces())->interface.name, "eth1");
}

TEST(Place, is_the_interface_that_the_configuration_gives) {
  const auto place = find_place(wanted("10.0.5.100", 0, "eth0"), two_interfaces());
  ASSERT_TRUE(place);
  EXPECT_EQ(place->interface.name, "eth0");
}

TEST(Place, is_set_as_a_host_address_so_that_nothing_else_goes_with_it) {
  EXPECT_EQ(find_place(wanted("10.0.5.100", 24), two_interfaces())->entry,
            (InterfaceAddress{3, ip("10.0.5.100"), 32}));
  EXPECT_EQ(find_place(wanted("fd00:5::100"), two_interfaces())->entry.prefix, 128);
}

TEST(Place, without_a_network_on_the_node_names_what_the_node_has) {
  EXPECT_EQ(find_place(wanted("192.168.1.1"), two_interfaces()).error().what,
            "no interface has an address of its own in the network of 192.168.1.1; this node has "
            "lo 127.0.0.1/8, eth0 10.0.0.1/16 10.0.9.9/32, eth1 10.0.5.1/24 fd00:5::1/64");
  EXPECT_THAT(find_place(wanted("10.0.6.1", 0, "eth1"), two_interfaces()).error().what,
              HasSubstr("eth1 does not have an address of its own in the network of 10.0.6.1;"));
  EXPECT_THAT(find_place(wanted("10.0.6.1", 24), two_interfaces()).error().what,
              HasSubstr("in the network of 10.0.6.1/24;"));
  EXPECT_THAT(find_place(wanted("10.0.6.1", 0, "eth7"), two_interfaces()).error().what,
              HasSubstr("there is no interface eth7 on this node; it has lo"));
}

TEST(Place, is_never_derived_from_a_host_address) {
  Network network = two_interfaces();
  network.addresses = {{2, ip("10.0.0.100"), 32}};
  EXPECT_FALSE(find_place(wanted("10.0.0.100"), network));
}

TEST(Place, of_what_is_no_address_is_refused) {
  for (const auto* text : {"", "10.0.0", "10.0.0.256", "fd00:::1", "eth0"})
    EXPECT_FALSE(find_place(wanted(text), two_interfaces())) << text;
}

struct FaultTest : testing::Test {
  Network network = two_interfaces();
  Place place = find_place(wanted("10.0.5.100"), network).value();
  void SetUp() override { network.addresses.push_back(place.entry); }
};

TEST_F(FaultTest, is_none_while_address_and_link_are_there) {
  EXPECT_EQ(find_fault(place, network), std::nullopt);
  EXPECT_EQ(find_foreign_entry(place, network), std::nullopt);
}

TEST_F(FaultTest, names_what_happened) {
  Network changed = network;
  changed.addresses.pop_back();
  EXPECT_THAT(*find_fault(place, changed), HasSubstr("10.0.5.100 was removed from eth1"));
  changed.interfaces[2].carrier = false;
  EXPECT_THAT(*find_fault(place, changed), HasSubstr("eth1 has no carrier"));
  changed.interfaces[2].up = false;
  EXPECT_EQ(*find_fault(place, changed), "interface eth1 is set down");
  changed.interfaces.pop_back();
  EXPECT_EQ(*find_fault(place, changed), "interface eth1 is gone");
}

TEST_F(FaultTest, another_entry_of_the_same_address_is_foreign) {
  network.addresses.push_back({2, ip("10.0.5.100"), 16});
  EXPECT_THAT(*find_foreign_entry(place, network), HasSubstr("10.0.5.100/16 is set on eth0"));
}

}  // namespace
}  // namespace tasuki::resource
