#include "cluster/files/watch.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/inotify.h>

#include "kit/log.hpp"
#include "kit/result.hpp"

namespace tasuki::files {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kWatched = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY |
                              IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                              IN_ONLYDIR;
constexpr size_t kBufferBytes = size_t{64} * 1024;
// A folder that appears while the one above it begins to be watched is looked for again.
constexpr int kLooksForFolder = 3;

}  // namespace

Watch::Watch(asio::io_context& io, std::function<void(const std::string&)> changed)
    : changed_(std::move(changed)), inotify_(io), buffer_(kBufferBytes, '\0') {
  const int inotify = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify < 0) {
    log::warning("{}: changes of files are seen late", errno_failure("inotify").error().what);
    return;
  }
  inotify_.assign(inotify);
  read_events();
}

void Watch::follow(std::set<std::string> files) {
  files_ = std::move(files);
  arm();
}

void Watch::arm() {
  std::map<int, std::vector<Entry>> folders;
  for (const std::string& file : files_) arm(file, folders);
  for (const auto& [folder, entries] : folders_)
    if (!folders.contains(folder)) ::inotify_rm_watch(inotify_.native_handle(), folder);
  folders_ = std::move(folders);
}

// Watches the file's folder, or the nearest one above it that is there.
void Watch::arm(const std::string& file, std::map<int, std::vector<Entry>>& folders) {
  for (int look = 0; look < kLooksForFolder; ++look) {
    fs::path below = file;
    int folder = -1;
    while (folder < 0 && below != below.root_path()) {
      const fs::path at = below.parent_path();
      folder = ::inotify_add_watch(inotify_.native_handle(), at.c_str(), kWatched);
      if (folder < 0) {
        if (errno == ENOSPC)
          log::warning("{} cannot be watched (fs.inotify.max_user_watches): changes are seen late",
                       at.string());
        below = at;
      }
    }
    if (folder < 0) return;
    const bool direct = below == fs::path(file);
    folders[folder].push_back({below.filename().string(), file, direct});
    std::error_code ignored;
    if (direct || !fs::is_directory(below, ignored)) return;
  }
}

void Watch::read_events() {
  inotify_.async_read_some(
      asio::buffer(buffer_), [this](boost::system::error_code error, size_t bytes) {
        if (error) return;
        for (size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
          inotify_event event{};
          std::memcpy(&event, buffer_.data() + at, sizeof event);
          const char* name = buffer_.data() + at + sizeof event;
          look_at(event.wd, event.mask, event.len == 0 ? "" : std::string(name));
          at += sizeof event + event.len;
        }
        read_events();
      });
}

void Watch::look_at(int folder, uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    arm();
    for (const std::string& file : files_) changed_(file);
    return;
  }
  const auto found = folders_.find(folder);
  if (found == folders_.end()) return;
  // The folder itself went, or is another one by now.
  const bool gone = (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
  bool arm_again = gone;
  std::set<std::string> files;
  for (const Entry& entry : found->second)
    if (gone || entry.name == name) {
      files.insert(entry.file);
      arm_again |= !entry.direct;
    }
  if ((mask & IN_IGNORED) != 0) folders_.erase(found);
  if (arm_again) arm();
  for (const std::string& file : files) changed_(file);
}

}  // namespace tasuki::files
