#include "cluster/process/keeper_life.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit/file.hpp"
#include "kit/json.hpp"

namespace tasuki::process {

Result<KeeperLife> KeeperLife::begin(const std::string& socket) {
  const std::string lock_path = socket + ".lock";
  if (auto made = make_folders(std::filesystem::path(socket).parent_path()); !made)
    return failure(made.error());
  Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return errno_failure("open " + lock_path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return failure("another keeper serves " + socket + " already");
  constexpr size_t kBytes = sizeof(std::atomic<int64_t>);
  if (::ftruncate(lock.get(), kBytes) != 0) return errno_failure("extend " + lock_path);
  void* const page = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, lock.get(), 0);
  if (page == MAP_FAILED) return errno_failure("map " + lock_path);
  KeeperLife life(socket + ".left", std::move(lock),
                  Bound(static_cast<std::atomic<int64_t>*>(page)));
  if (auto read = life.read(); !read) return failure(read.error());
  return life;
}

KeeperLife::KeeperLife(std::string path, Fd lock, Bound bound)
    : path_(std::move(path)), lock_(std::move(lock)), bound_(std::move(bound)) {
  if (const int64_t until = bound_->load(); until != 0)
    bound_before_ = Moment(std::chrono::nanoseconds(until));
}

void KeeperLife::Unmap::operator()(std::atomic<int64_t>* bound) const {
  ::munmap(bound, sizeof *bound);
}

Result<void> KeeperLife::remember(const Left& groups) {
  if (groups == groups_) return {};
  groups_ = groups;
  return write();
}

Result<void> KeeperLife::remember_slice(const std::string& slice) {
  if (std::ranges::find(slices_, slice) != slices_.end()) return {};
  slices_.push_back(slice);
  return write();
}

void KeeperLife::bind(std::optional<Moment> until) {
  using std::chrono::duration_cast;
  bound_->store(until ? duration_cast<std::chrono::nanoseconds>(until->time_since_epoch()).count()
                      : 0);
}

Result<void> KeeperLife::end() {
  bind({});
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return errno_failure("remove " + path_);
  return {};
}

Result<void> KeeperLife::read() {
  if (!std::filesystem::exists(path_)) return {};
  const auto text = read_file(path_);
  if (!text) return failure(text.error());
  try {
    const Json left = Json::parse(*text);
    slices_ = left.at("slices");
    for (const auto& [group, releases] : left.at("groups").items())
      for (auto& kept = groups_[group]; const Json& release : releases) {
        auto read = release_from_json(release);
        if (!read) return failure(read.error().during(path_));
        kept.push_back(std::move(*read));
      }
  } catch (const Json::exception& problem) {
    return failure(path_ + " tells what a keeper that died left here, and cannot be read (" +
                   problem.what() + "); restart this machine");
  }
  return {};
}

Result<void> KeeperLife::write() const {
  Json groups = Json::object();
  for (const auto& [group, releases] : groups_) {
    groups[group] = Json::array();
    for (const Release& release : releases) groups[group].push_back(to_json(release));
  }
  return replace_file_durably(path_, Json{{"groups", groups}, {"slices", slices_}}.dump());
}

}  // namespace tasuki::process
