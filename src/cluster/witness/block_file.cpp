#include "cluster/witness/block_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/fd.hpp"

namespace tasuki::witness {
namespace {

// Direct I/O wants it aligned as the disk's sectors are.
struct alignas(kBlockBytes) Block {
  std::array<char, kBlockBytes> bytes{};
};

// Not every file system takes O_DIRECT (tmpfs, some FUSE); those are no network's.
Result<Fd> open_past_caches(const std::string& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_DIRECT | O_CLOEXEC, 0600));
  if (!fd && errno == EINVAL) fd = Fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return errno_failure("open " + path);
  return fd;
}

off_t place_of(uint64_t number) {
  return static_cast<off_t>(number * kBlockBytes);
}

}  // namespace

Result<std::string> read_block(const std::string& path, uint64_t number) {
  const auto fd = open_past_caches(path, O_RDONLY);
  if (!fd) return failure(fd.error());
  Block block;
  const ssize_t got = ::pread(fd->get(), block.bytes.data(), kBlockBytes, place_of(number));
  if (got < 0) return errno_failure("read " + path);
  return std::string(block.bytes.data(), static_cast<size_t>(got));
}

std::string text_in(std::string block) {
  block.erase(std::min(block.find('\0'), block.size()));
  return block;
}

Result<void> write_block(const std::string& path, uint64_t number, std::string_view content,
                         bool create) {
  TASUKI_ASSERT(content.size() <= kBlockBytes);
  const auto fd = open_past_caches(path, O_WRONLY | O_DSYNC | (create ? O_CREAT : 0));
  if (!fd) return failure(fd.error());
  Block block;
  std::memcpy(block.bytes.data(), content.data(), content.size());
  const ssize_t put = ::pwrite(fd->get(), block.bytes.data(), kBlockBytes, place_of(number));
  if (put < 0) return errno_failure("write " + path);
  if (put != static_cast<ssize_t>(kBlockBytes))
    return failure(fmt::format("write {}: there is no room at block {}", path, number));
  // A network's file system tells of a write that the server did not take when it is synced.
  if (::fsync(fd->get()) != 0) return errno_failure("write " + path);
  return {};
}

}  // namespace tasuki::witness
