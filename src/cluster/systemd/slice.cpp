#include "cluster/systemd/slice.hpp"

#include <fmt/format.h>

namespace tasuki::systemd {
namespace {

std::string escape(std::string_view name) {
  std::string escaped;
  for (const char c : name)
    if (c == '-')
      escaped += "\\x2d";
    else
      escaped += c;
  return escaped;
}

}  // namespace

std::string slice_of(std::string_view group, std::string_view service) {
  const std::string outer = "tasuki-" + escape(group);
  return fmt::format("tasuki.slice/{}.slice/{}-{}.slice", outer, outer, escape(service));
}

std::string_view unit_of_slice(std::string_view slice) {
  return slice.substr(slice.rfind('/') + 1);
}

}  // namespace tasuki::systemd
