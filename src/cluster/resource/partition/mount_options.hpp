// The options of a mount, as `mount -o` takes them, in the two forms in which the kernel does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::resource {

struct MountOptions {
  struct Parameter {
    std::string key;
    std::optional<std::string> value;  // none: a flag, such as "ro"
    friend bool operator==(const Parameter&, const Parameter&) = default;
  };

  uint64_t attributes = 0;            // MOUNT_ATTR_*: of the mount
  std::vector<Parameter> parameters;  // of the file system, for fsconfig(2)
};

// What it does not know is the file system's to accept or refuse. What only means something in
// fstab(5), as "defaults" and "nofail", is left out.
MountOptions parse_mount_options(std::string_view text);

}  // namespace tasuki::resource
