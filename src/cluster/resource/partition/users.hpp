// Who still uses a file system: processes with an open file, a working folder, a program or mapped
// memory on it. Only those that this process's /proc shows can be seen.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

#include "kit/deadline.hpp"

namespace tasuki::resource {

// The marks by which files of the file system are known. btrfs gives each subvolume a device
// number of its own, so that there the mount tells more.
struct FilesystemMarks {
  std::set<dev_t> devices;
  std::set<uint64_t> mounts;  // mount ids of any namespace
};

struct User {
  pid_t process = 0;
  std::string command;
};

// "postgres (process 4711), bash (process 4712)"
std::string describe(const std::vector<User>& users);

// Never this process itself, whose own looking at the file system ends by itself.
std::vector<User> find_users(const FilesystemMarks& marks);

// Sends the signal to all of them and waits until they have ended, at most until the deadline.
// Process 1 is spared: without it the machine or the container would end.
void end_users(const std::vector<User>& users, int signal, Deadline deadline);

}  // namespace tasuki::resource
