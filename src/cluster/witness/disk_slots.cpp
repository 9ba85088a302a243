// A disk of its own, or a partition: the first block says whose it is, block N is the slot of the
// node with the id N.
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "cluster/witness/block_file.hpp"
#include "cluster/witness/slot_places.hpp"
#include "kit/block_device.hpp"

namespace tasuki::witness {
namespace {

// What can be written and read: a disk that is smaller than a block ends within it.
bool has_room(const Result<std::string>& block) {
  return block && block->size() == kBlockBytes;
}

Error too_small(const std::string& device, core::NodeId node) {
  return {fmt::format("the disk {} is too small for a node with the id {}; it needs {} KiB", device,
                      node, disk_bytes(node) / 1024)};
}

class DiskSlots final : public Slots {
 public:
  DiskSlots(std::string device, std::string cluster)
      : device_(std::move(device)), cluster_(std::move(cluster)) {}

  Result<void> write(core::NodeId node, uint64_t, const std::string& text) override {
    if (auto known = check(); !known) return known;
    auto written = write_block(device_, node.value, text);
    if (written || has_room(read_block(device_, node.value))) return written;
    return failure(too_small(device_, node));
  }

  Result<SlotTexts> read(const std::vector<core::NodeId>& nodes) override {
    if (auto known = check(); !known) return failure(known.error());
    SlotTexts texts;
    for (const core::NodeId node : nodes) {
      auto block = read_block(device_, node.value);
      if (!block) return failure(block.error());
      if (!has_room(block)) return failure(too_small(device_, node));
      texts.emplace_back(node, text_in(std::move(*block)));
    }
    return texts;
  }

 private:
  Result<void> check() const {
    const auto block = read_block(device_, 0);
    if (!block) return failure(block.error());
    return check_mark(text_in(*block), cluster_, device_);
  }

  std::string device_;
  std::string cluster_;
};

}  // namespace

std::unique_ptr<Slots> open_disk(std::string device, std::string cluster) {
  return std::make_unique<DiskSlots>(std::move(device), std::move(cluster));
}

uint64_t disk_bytes(core::NodeId highest) {
  constexpr uint64_t kMiB = uint64_t{1024} * 1024;
  return std::max(kMiB, (uint64_t{highest.value} + 1) * kBlockBytes);
}

Result<void> prepare_disk(const std::string& device, const std::string& cluster,
                          core::NodeId highest) {
  const auto found = BlockDevice::find(device);
  if (!found) return failure(found.error());
  const auto block = read_block(device, 0);
  if (!block) return failure(block.error());
  const uint64_t needed = disk_bytes(highest);
  if (!has_room(read_block(device, needed / kBlockBytes - 1)))
    return failure(
        fmt::format("{} is too small: it needs {} KiB, a block of 4 KiB for every node id "
                    "up to {} and 1 MiB at least",
                    device, needed / 1024, highest));
  const std::string mark = text_in(*block);
  if (is_mark(mark)) return check_mark(mark, cluster, device);
  if (auto free = found->check_free(); !free) return free;
  // Whatever was ever written there is somebody's; the first MiB tells of every usual content.
  constexpr uint64_t kBlocksLookedAt = 256;
  for (uint64_t number = 0; number < kBlocksLookedAt; ++number) {
    const auto content = read_block(device, number);
    if (!content) return failure(content.error());
    if (std::ranges::any_of(*content, [](char byte) { return byte != '\0'; }))
      return failure(fmt::format(
          "{} is not empty, so it may be somebody's data; if it may be lost, wipe it first: "
          "dd if=/dev/zero of={} bs=1M count=1 conv=fsync",
          device, device));
  }
  return write_block(device, 0, mark_of(cluster));
}

}  // namespace tasuki::witness
