// What is mounted where, from the kernel's own list (proc_pid_mountinfo(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tasuki::process {

struct Mount {
  std::string device;  // "major:minor"; equal for all mounts of one file system
  std::string root;    // the folder within the file system that is mounted
  std::string mount_point;
  std::string filesystem;
  friend bool operator==(const Mount&, const Mount&) = default;
};

// The mounts of /proc/PID/mountinfo's text, in its order; lines that are no mounts are left out.
std::vector<Mount> parse_mountinfo(std::string_view text);

}  // namespace tasuki::process
