#include "cluster/resource/partition/mount_options.hpp"

#include <algorithm>
#include <array>
#include <sys/mount.h>

#include "kit/text.hpp"

namespace tasuki::resource {
namespace {

// Setting one of the access time modes replaces another, so that the last option wins.
struct Attribute {
  std::string_view option;
  uint64_t cleared;
  uint64_t set;
};
constexpr Attribute kAttributes[] = {
    {"nosuid", 0, MOUNT_ATTR_NOSUID},
    {"suid", MOUNT_ATTR_NOSUID, 0},
    {"nodev", 0, MOUNT_ATTR_NODEV},
    {"dev", MOUNT_ATTR_NODEV, 0},
    {"noexec", 0, MOUNT_ATTR_NOEXEC},
    {"exec", MOUNT_ATTR_NOEXEC, 0},
    {"noatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME},
    {"relatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME},
    {"strictatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME},
    {"nodiratime", 0, MOUNT_ATTR_NODIRATIME},
    {"diratime", MOUNT_ATTR_NODIRATIME, 0},
    {"nosymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
};

constexpr std::array<std::string_view, 6> kOnlyInFstab = {"defaults", "auto",    "noauto",
                                                          "nofail",   "_netdev", "nouser"};

bool only_in_fstab(std::string_view option) {
  return option.empty() || option.starts_with("x-") ||
         std::ranges::find(kOnlyInFstab, option) != kOnlyInFstab.end();
}

MountOptions::Parameter to_parameter(std::string_view option) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos) return {std::string(option), std::nullopt};
  return {std::string(option.substr(0, equals)), std::string(option.substr(equals + 1))};
}

}  // namespace

MountOptions parse_mount_options(std::string_view text) {
  MountOptions options;
  for (const auto option : split(text, ',')) {
    if (only_in_fstab(option)) continue;
    const auto* known = std::ranges::find(kAttributes, option, &Attribute::option);
    if (known == std::end(kAttributes))
      options.parameters.push_back(to_parameter(option));
    else
      options.attributes = (options.attributes & ~known->cleared) | known->set;
  }
  return options;
}

}  // namespace tasuki::resource
