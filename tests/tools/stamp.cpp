// stamp FILE: writes all the time, past every cache, who it is into the first block of FILE, and
// looks before each write whether it was the last to write there. Two of them on one disk notice
// each other, whatever is mounted where. A service of lab cases; what it says is in the keeper's
// log.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace {

using tasuki::errno_failure;
using tasuki::Fd;
using tasuki::Result;

constexpr std::chrono::milliseconds kPause{10};
constexpr size_t kBlockBytes = 4096;

// What stands in the block: the writer after so many others, by a name of its own, and its write.
struct Stamp {
  uint64_t serial = 0;
  uint64_t writer = 0;
  uint64_t count = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// O_DIRECT wants the memory aligned too.
struct alignas(kBlockBytes) Block {
  std::array<char, kBlockBytes> bytes{};
};

Result<Stamp> read_stamp(const Fd& file, Block& block) {
  if (::pread(file.get(), block.bytes.data(), kBlockBytes, 0) < 0) return errno_failure("read");
  Stamp stamp;
  std::memcpy(&stamp, block.bytes.data(), sizeof stamp);
  return stamp;
}

Result<void> write_stamp(const Fd& file, Block& block, const Stamp& stamp) {
  std::memcpy(block.bytes.data(), &stamp, sizeof stamp);
  if (::pwrite(file.get(), block.bytes.data(), kBlockBytes, 0) != ssize_t{kBlockBytes})
    return errno_failure("write");
  return {};
}

Result<void> run(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_DSYNC | O_CLOEXEC, 0644));
  if (!file) return errno_failure("open " + path);
  Block block;
  auto before = read_stamp(file, block);
  if (!before) return tasuki::failure(before.error());
  Stamp own{before->serial + 1, (uint64_t{std::random_device()()} << 32) | std::random_device()(),
            0};
  fmt::print("stamps as owner {}\n", own.serial);
  std::fflush(stdout);
  if (auto written = write_stamp(file, block, own); !written) return written;
  for (;;) {
    std::this_thread::sleep_for(kPause);
    const auto found = read_stamp(file, block);
    if (!found) return tasuki::failure(found.error());
    if (*found != own) {
      fmt::print("TWO WRITERS: owner {} wrote {} after owner {} wrote {}\n", found->serial,
                 found->count, own.serial, own.count);
      std::fflush(stdout);
    }
    ++own.count;
    if (auto written = write_stamp(file, block, own); !written) return written;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: stamp FILE\n");
    return 2;
  }
  const auto ended = run(arguments[1]);
  fmt::print(stderr, "stamp: {}\n", ended.error().what);
  return 1;
}
