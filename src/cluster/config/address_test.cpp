#include "cluster/config/address.hpp"

#include <gmock/gmock.h>

namespace tasuki::config {
namespace {

TEST(Address, is_equal_in_whatever_way_it_is_written) {
  EXPECT_EQ(parse_address("2001:db8:0::1"), parse_address("2001:DB8::1"));
  EXPECT_EQ(to_text(*parse_address("2001:DB8:0:0::1")), "2001:db8::1");
}

TEST(Address, refuses_names_prefixes_and_halves) {
  for (const auto* text :
       {"", "sv1", "192.168.10", "192.168.10.1/24", "192.168.10.256", "fe80::1%eth0"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, network_keeps_the_prefix_only) {
  const auto network = [](const char* text, int prefix) {
    return to_text(network_of(*parse_address(text), prefix));
  };
  EXPECT_EQ(network("192.168.10.77", 24), "192.168.10.0");
  EXPECT_EQ(network("192.168.11.77", 23), "192.168.10.0");
  EXPECT_EQ(network("192.168.11.77", 32), "192.168.11.77");
  EXPECT_EQ(network("192.168.11.77", 0), "0.0.0.0");
  EXPECT_EQ(network("2001:db8:1:2:3::9", 64), "2001:db8:1:2::");
}

TEST(Address, a_host_has_neither_multicast_nor_broadcast_nor_unspecified_ones) {
  for (const auto* text : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"})
    EXPECT_FALSE(is_host_address(*parse_address(text))) << text;
  for (const auto* text : {"10.0.0.1", "127.0.0.1", "::1", "fd00::1"})
    EXPECT_TRUE(is_host_address(*parse_address(text))) << text;
}

TEST(Address, loopback_is_the_whole_network_in_ipv4_and_one_address_in_ipv6) {
  for (const auto* text : {"127.0.0.1", "127.255.0.9", "::1", "0:0::1"})
    EXPECT_TRUE(is_loopback(*parse_address(text))) << text;
  for (const auto* text : {"126.255.255.255", "128.0.0.1", "::2", "fd00::1"})
    EXPECT_FALSE(is_loopback(*parse_address(text))) << text;
}

TEST(Address, a_host_has_neither_the_first_nor_the_last_of_its_ipv4_network) {
  const auto is_host = [](const char* text, int prefix) {
    return is_host_in_network(*parse_address(text), prefix);
  };
  EXPECT_FALSE(is_host("192.168.10.0", 24));
  EXPECT_FALSE(is_host("192.168.10.255", 24));
  EXPECT_FALSE(is_host("192.168.10.128", 25));
  EXPECT_FALSE(is_host("192.168.10.3", 30));
  EXPECT_TRUE(is_host("192.168.10.1", 24));
  EXPECT_TRUE(is_host("192.168.10.255", 23));
  EXPECT_TRUE(is_host("192.168.11.0", 23));
  EXPECT_TRUE(is_host("192.168.10.3", 31));
  EXPECT_TRUE(is_host("192.168.10.3", 32));
  EXPECT_TRUE(is_host("fd00::", 64));
}

TEST(Endpoint, has_an_address_and_a_port_with_brackets_around_ipv6_only) {
  const auto endpoint = parse_endpoint("[fd00::1]:5432");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(to_text(endpoint->address), "fd00::1");
  EXPECT_EQ(endpoint->port, 5432);
  EXPECT_TRUE(parse_endpoint("127.0.0.1:80"));
  for (const auto* text : {"127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x", ":80",
                           "fd00::1:80", "[127.0.0.1]:80", "[:80", "localhost:80"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace tasuki::config
