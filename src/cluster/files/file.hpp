// One file that follows a group, on this node's disk.
#pragma once

#include <string>

#include "cluster/settings/file_item.hpp"
#include "kit/result.hpp"

namespace tasuki::files {

using settings::FileItem;

// A larger file does not follow.
inline constexpr size_t kBytesMax = size_t{256} * 1024;

// What is there. Fails with EISDIR and EFBIG for what cannot follow, and with EAGAIN when it
// changed whenever it was read.
Result<FileItem> read_item(const std::string& path);

// Puts the item there, on the disk when it returns, as one step for whoever reads (rename(2));
// makes the folders above it. Fails with EAGAIN, and changes nothing, when `expected` is not there
// any more.
Result<void> write_item(const std::string& path, const FileItem& item, const FileItem& expected);

// Keeps a copy of the item below `folder`, readable for root alone, and of those there the newest
// hundred. Returns its path.
Result<std::string> keep_aside(const std::string& folder, const std::string& path,
                               const FileItem& item);

}  // namespace tasuki::files
