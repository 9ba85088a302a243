// Where systemd keeps the processes of a unit that is a service of a group: a slice of its own, so
// that the keeper knows their cgroup before there is one and needs no systemd to end them.
#pragma once

#include <string>
#include <string_view>

namespace tasuki::systemd {

// The slice's cgroup below the root: "tasuki.slice/tasuki-GROUP.slice/tasuki-GROUP-SERVICE.slice".
// A dash makes a level (systemd.slice(5)), so those of names are escaped (systemd-escape(1)).
std::string slice_of(std::string_view group, std::string_view service);

// The last part of it, which is the slice's unit.
std::string_view unit_of_slice(std::string_view slice);

}  // namespace tasuki::systemd
