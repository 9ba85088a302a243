// A correct file for the tests, which change it line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kit/text.hpp"

namespace tasuki::config {

// The comment behind a line is its number.
inline constexpr std::string_view kExample = R"([cluster] # 1
name = "office"
[timing]
detect = "600ms"
[witness] # 5
address = "192.168.10.9"
[[node]]
name = "sv1"
id = 1
addresses = ["192.168.10.1", "10.0.0.1"] # 10
[[node.fence]]
agent = "fence_ipmilan"
[[node]]
name = "sv2"
id = 2 # 15
addresses = ["192.168.10.2", "10.0.0.2"]
[[service]]
name = "postgres"
command = ["/usr/bin/postgres"]
user = "postgres" # 20
[[group]]
name = "group1"
policy = ["sv1", "sv2"]
services = ["postgres"]
[[group.partition]] # 25
device = "/dev/sdb1"
mount_point = "/mnt/data1"
filesystem = "ext4"
[[group.floating_ip]]
address = "192.168.10.100" # 30
[[group]]
name = "group2"
policy = ["sv2", "sv1"]
[[group.partition]]
device = "/dev/sdc1" # 35
mount_point = "/mnt/data2"
filesystem = "xfs"
[[group.floating_ip]]
address = "192.168.10.101"
)";

// The example with one line replaced, by any number of lines.
inline std::string with_line(size_t number, std::string_view replacement) {
  std::vector<std::string> lines;
  for (const auto line : split(kExample, '\n')) lines.emplace_back(line);
  lines.at(number - 1) = replacement;
  return join(lines, "\n");
}

}  // namespace tasuki::config
