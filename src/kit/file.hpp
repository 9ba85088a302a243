// Small files, read and written whole. The durable write is what every acknowledged state rests on.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "kit/result.hpp"

namespace tasuki {

// The whole content of a file, /proc and /sys included. Fails with EFBIG once there are more than
// `bytes_max`: a path that a person gives may be one without an end, as /dev/zero.
Result<std::string> read_file(const std::string& path,
                              size_t bytes_max = std::numeric_limits<size_t>::max());

// Writes in place, without promises; for /sys, /proc and cgroup files.
Result<void> write_file(const std::string& path, std::string_view content);

// Replaces the file so that after a power cut either the old or the new content is there, and
// after success the new one: write beside, fsync, rename, fsync the folder (rename(2), fsync(2)).
Result<void> replace_file_durably(const std::string& path, std::string_view content,
                                  unsigned mode = 0600);

// Makes a file that must not be there yet (EEXIST), for its owner alone, as a secret needs it:
// nobody else may have prepared it. Nothing is left after a failure.
Result<void> create_private_file(const std::string& path, std::string_view content);

// All of it, to an open file; `path` is for the error.
Result<void> write_all(int fd, std::string_view content, const std::string& path);

// After success the names in the folder survive a power cut (fsync(2)).
Result<void> sync_folder(const std::string& folder);

// Makes the folder and its parents (mode 0755); fine when it is there already.
Result<void> make_folders(const std::string& path);

}  // namespace tasuki
