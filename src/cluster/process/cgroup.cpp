#include "cluster/process/cgroup.hpp"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "kit/file.hpp"

namespace tasuki::process {

Result<Fd> open_cgroup(const std::string& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + folder);
  return fd;
}

Result<void> kill_cgroup(const std::string& folder) {
  return write_file(folder + "/cgroup.kill", "1");
}

Result<void> freeze_cgroup(const std::string& folder) {
  return write_file(folder + "/cgroup.freeze", "1");
}

Result<CgroupWatch> CgroupWatch::open(const std::string& folder) {
  const std::string path = folder + "/cgroup.events";
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + path);
  return CgroupWatch(std::move(fd));
}

Result<bool> CgroupWatch::populated() const {
  char buffer[128];
  const ssize_t got = ::pread(events_.get(), buffer, sizeof buffer, 0);
  if (got < 0) return errno_failure("read cgroup.events");
  const std::string_view text(buffer, static_cast<size_t>(got));
  return text.find("populated 1") != std::string_view::npos;
}

Result<void> remove_cgroup_tree(const std::string& folder) {
  // A cgroup's files vanish with it and cannot be removed, so only folders are visited.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!entry.is_directory(ignored)) continue;
    if (auto removed = remove_cgroup_tree(entry.path()); !removed) return removed;
  }
  if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) return errno_failure("remove " + folder);
  return {};
}

}  // namespace tasuki::process
