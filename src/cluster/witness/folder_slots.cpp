// A folder on a share that all servers mount (NFS, SMB): a file says whose it is, and there is one
// for each slot. A file is written in place: whoever opens it asks the server for what it is now.
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "cluster/witness/block_file.hpp"
#include "cluster/witness/slot_places.hpp"
#include "kit/file.hpp"

namespace tasuki::witness {
namespace {

std::string mark_file(const std::string& folder) {
  return folder + "/tasuki-witness";
}

class FolderSlots final : public Slots {
 public:
  FolderSlots(std::string folder, std::string cluster)
      : folder_(std::move(folder)), cluster_(std::move(cluster)) {}

  Result<void> write(core::NodeId node, uint64_t, const std::string& text) override {
    if (auto known = check(); !known) return known;
    return write_block(file_of(node), 0, text, true);
  }

  Result<SlotTexts> read(const std::vector<core::NodeId>& nodes) override {
    if (auto known = check(); !known) return failure(known.error());
    SlotTexts texts;
    for (const core::NodeId node : nodes) {
      auto block = read_block(file_of(node), 0);
      if (!block && block.error().code != ENOENT) return failure(block.error());
      texts.emplace_back(node, block ? text_in(std::move(*block)) : "");
    }
    return texts;
  }

 private:
  [[nodiscard]] std::string file_of(core::NodeId node) const {
    return fmt::format("{}/slot-{}", folder_, node);
  }
  // Where the share is not mounted, its empty place has no such file.
  [[nodiscard]] Result<void> check() const {
    const auto text = read_file(mark_file(folder_), kBlockBytes);
    if (!text && text.error().code != ENOENT) return failure(text.error());
    return check_mark(text.value_or(""), cluster_, folder_);
  }

  std::string folder_;
  std::string cluster_;
};

}  // namespace

std::unique_ptr<Slots> open_folder(std::string folder, std::string cluster) {
  return std::make_unique<FolderSlots>(std::move(folder), std::move(cluster));
}

Result<void> prepare_folder(const std::string& folder, const std::string& cluster) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return failure(fmt::format("{} is not a folder; mount the share first", folder));
  const auto text = read_file(mark_file(folder), kBlockBytes);
  if (text) return check_mark(*text, cluster, folder);
  if (text.error().code != ENOENT) return failure(text.error());
  return replace_file_durably(mark_file(folder), mark_of(cluster));
}

}  // namespace tasuki::witness
