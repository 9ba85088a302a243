#include "cluster/process/keeper_life.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <ranges>
#include <sys/file.h>
#include <unistd.h>

#include "kit/file.hpp"

namespace tasuki::process {
namespace {

constexpr std::string_view kMark = "lives";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n'))
    if (!line.empty()) lines.emplace_back(line.begin(), line.end());
  return lines;
}

}  // namespace

Result<KeeperLife> KeeperLife::begin(const std::string& socket) {
  const std::string path = socket + ".lock";
  if (auto made = make_folders(std::filesystem::path(socket).parent_path()); !made)
    return failure(made.error());
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return errno_failure("open " + path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return failure("another keeper serves " + socket + " already");
  const auto before = read_file(path);
  if (!before) return failure(before.error());
  return KeeperLife(std::move(file), lines_of(*before));
}

KeeperLife::KeeperLife(Fd file, std::vector<std::string> lines)
    : file_(std::move(file)), after_another_(!lines.empty()), slices_(std::move(lines)) {
  std::erase(slices_, kMark);
}

Result<void> KeeperLife::mark() {
  if (after_another_) return {};
  return append(kMark);
}

Result<void> KeeperLife::note_slice(const std::string& slice) {
  if (std::ranges::find(slices_, slice) != slices_.end()) return {};
  slices_.push_back(slice);
  return append(slice);
}

Result<void> KeeperLife::unmark() {
  if (::ftruncate(file_.get(), 0) != 0) return errno_failure("unmark the keeper's lock");
  return {};
}

Result<void> KeeperLife::append(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return errno_failure("write the keeper's lock");
  return {};
}

}  // namespace tasuki::process
