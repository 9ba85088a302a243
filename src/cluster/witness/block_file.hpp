// Blocks of a file or disk, read and written past every cache.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kit/result.hpp"

namespace tasuki::witness {

inline constexpr size_t kBlockBytes = 4096;

// The block's content; empty when the file ends before it. Fails with ENOENT when there is no file.
Result<std::string> read_block(const std::string& path, uint64_t number);

// What is written in a block: up to its first zero.
std::string text_in(std::string block);

// Durable on return. The rest of the block is filled with zeros. `create`: the file, if it is not
// there.
Result<void> write_block(const std::string& path, uint64_t number, std::string_view content,
                         bool create = false);

}  // namespace tasuki::witness
