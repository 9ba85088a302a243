#include "cluster/files/file.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <climits>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/file.hpp"

namespace tasuki::files {
namespace {

namespace fs = std::filesystem;
using settings::Account;

constexpr unsigned kModeBits = 07777;
constexpr int kReadsMax = 3;
constexpr size_t kKeptAside = 100;
constexpr size_t kNameBytes = 200;  // of a path, as part of a name
constexpr size_t kEntryBytes = size_t{64} * 1024;

// --- Accounts -----------------------------------------------------------------------------------

Account user_of(uid_t number) {
  std::vector<char> buffer(kEntryBytes);
  struct passwd entry{};
  struct passwd* found = nullptr;
  ::getpwuid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return {found == nullptr ? "" : found->pw_name, number};
}

Account group_of(gid_t number) {
  std::vector<char> buffer(kEntryBytes);
  struct group entry{};
  struct group* found = nullptr;
  ::getgrgid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return {found == nullptr ? "" : found->gr_name, number};
}

Result<uid_t> uid_of(const Account& owner) {
  if (owner.name.empty()) return owner.number;
  std::vector<char> buffer(kEntryBytes);
  struct passwd entry{};
  struct passwd* found = nullptr;
  const int error = ::getpwnam_r(owner.name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return errno_failure("look for the user " + owner.name, error);
  if (found == nullptr)
    return failure(fmt::format("its owner is {}, and there is no such user here; make it with the "
                               "number it has elsewhere (useradd --uid)",
                               owner.name),
                   ENOENT);
  return found->pw_uid;
}

Result<gid_t> gid_of(const Account& group) {
  if (group.name.empty()) return group.number;
  std::vector<char> buffer(kEntryBytes);
  struct group entry{};
  struct group* found = nullptr;
  const int error = ::getgrnam_r(group.name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return errno_failure("look for the group " + group.name, error);
  if (found == nullptr)
    return failure(fmt::format("its group is {}, and there is no such group here; make it with the "
                               "number it has elsewhere (groupadd --gid)",
                               group.name),
                   ENOENT);
  return found->gr_gid;
}

// --- Reading ------------------------------------------------------------------------------------

bool is_unchanged(const struct stat& before, const struct stat& now) {
  const auto same_time = [](const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
  };
  return before.st_dev == now.st_dev && before.st_ino == now.st_ino &&
         before.st_size == now.st_size && same_time(before.st_mtim, now.st_mtim) &&
         same_time(before.st_ctim, now.st_ctim);
}

Result<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return errno_failure("read the link");
  target.resize(static_cast<size_t>(length));
  return target;
}

Result<std::string> read_regular(const std::string& path) {
  // What stands there may have become a pipe, whose opening would wait.
  const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return errno_failure("open");
  std::string content(kBytesMax + 1, '\0');
  size_t length = 0;
  while (length < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + length, content.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure("read");
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  if (length > kBytesMax)
    return failure(fmt::format("it has more than {} KiB, so it does not follow", kBytesMax / 1024),
                   EFBIG);
  content.resize(length);
  return content;
}

bool is_gone(int code) {
  return code == ENOENT || code == ENOTDIR;
}

// Nothing when it changed meanwhile.
Result<std::optional<FileItem>> read_once(const std::string& path) {
  struct stat before{};
  if (::lstat(path.c_str(), &before) != 0) {
    if (is_gone(errno)) return FileItem{};
    return errno_failure("look at it");
  }
  if (S_ISDIR(before.st_mode))
    return failure("it is a folder, and only files and symbolic links follow; name its files",
                   EISDIR);
  if (!S_ISREG(before.st_mode) && !S_ISLNK(before.st_mode))
    return failure("it is neither a file nor a symbolic link, so it does not follow", EINVAL);
  const bool link = S_ISLNK(before.st_mode);
  auto content = link ? read_link(path) : read_regular(path);
  struct stat now{};
  const bool there = ::lstat(path.c_str(), &now) == 0;
  if (!there || !is_unchanged(before, now)) return std::nullopt;
  if (!content) return failure(content.error());
  return FileItem{link ? FileItem::Kind::symlink : FileItem::Kind::regular, std::move(*content),
                  link ? 0 : before.st_mode & kModeBits, user_of(before.st_uid),
                  group_of(before.st_gid)};
}

// --- Writing ------------------------------------------------------------------------------------

// Nobody may open it before it has its owner and mode.
Result<void> make_regular(const std::string& path, const FileItem& item, uid_t owner, gid_t group) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return errno_failure("make " + path);
  if (auto done = write_all(file.get(), item.content, path); !done) return done;
  // In this order: a change of the owner takes the set-user-ID bit away.
  if (::fchown(file.get(), owner, group) != 0) return errno_failure("change its owner");
  if (::fchmod(file.get(), item.mode & kModeBits) != 0) return errno_failure("change its mode");
  if (::fsync(file.get()) != 0) return errno_failure("fsync");
  return {};
}

Result<void> make_link(const std::string& path, const FileItem& item, uid_t owner, gid_t group) {
  if (::symlink(item.content.c_str(), path.c_str()) != 0) return errno_failure("make " + path);
  if (::lchown(path.c_str(), owner, group) != 0) return errno_failure("change its owner");
  return {};
}

Result<void> check_expected(const std::string& path, const FileItem& expected) {
  const auto now = read_item(path);
  if (!now) return failure(now.error());
  if (!same(*now, expected)) return failure("it changed meanwhile", EAGAIN);
  return {};
}

Result<void> put_in_place(const std::string& beside, const std::string& path, const FileItem& item,
                          const FileItem& expected) {
  const auto owner = uid_of(item.owner);
  if (!owner) return failure(owner.error());
  const auto group = gid_of(item.group);
  if (!group) return failure(group.error());
  auto made = item.kind == FileItem::Kind::symlink ? make_link(beside, item, *owner, *group)
                                                   : make_regular(beside, item, *owner, *group);
  if (!made) return made;
  if (auto as_expected = check_expected(path, expected); !as_expected) return as_expected;
  if (::rename(beside.c_str(), path.c_str()) != 0) return errno_failure("rename " + beside);
  return {};
}

Result<void> forget_oldest(const std::string& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    kept.emplace_back(entry.last_write_time(error), entry.path());
  if (error) return failure("look at " + folder + ": " + error.message(), error.value());
  if (kept.size() <= kKeptAside) return {};
  std::ranges::sort(kept, std::greater());
  for (size_t i = kKeptAside; i < kept.size(); ++i) fs::remove(kept[i].second, error);
  return {};
}

// "etc%staroffice.conf.20261201T052657.123456Z"
std::string name_aside(const std::string& path) {
  std::string name = path.substr(1);
  std::ranges::replace(name, '/', '%');
  if (name.size() > kNameBytes) name = name.substr(name.size() - kNameBytes);
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{}.{:%Y%m%dT%H%M%S}.{:06}Z", name,
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

}  // namespace

Result<FileItem> read_item(const std::string& path) {
  for (int reads = 0; reads < kReadsMax; ++reads) {
    auto item = read_once(path);
    if (!item) return failure(item.error());
    if (*item) return std::move(**item);
  }
  return failure("it changes all the time", EAGAIN);
}

Result<void> write_item(const std::string& path, const FileItem& item, const FileItem& expected) {
  const fs::path place(path);
  const std::string folder = place.parent_path().string();
  if (item.kind == FileItem::Kind::absent) {
    if (auto as_expected = check_expected(path, expected); !as_expected) return as_expected;
    if (::unlink(path.c_str()) != 0) {
      if (is_gone(errno)) return {};
      return errno_failure("delete it");
    }
    return sync_folder(folder);
  }
  if (auto made = make_folders(folder); !made) return made;
  const std::string beside = fmt::format("{}/.{}.tasuki", folder, place.filename().string());
  ::unlink(beside.c_str());  // of a node that died while it wrote
  auto done = put_in_place(beside, path, item, expected);
  if (!done) {
    ::unlink(beside.c_str());
    return done;
  }
  return sync_folder(folder);
}

Result<std::string> keep_aside(const std::string& folder, const std::string& path,
                               const FileItem& item) {
  if (auto made = make_folders(folder); !made) return failure(made.error());
  if (::chmod(folder.c_str(), 0700) != 0) return errno_failure("chmod " + folder);
  const std::string kept = folder + "/" + name_aside(path);
  const std::string content = item.kind == FileItem::Kind::symlink
                                  ? "a symbolic link to " + item.content + "\n"
                                  : item.content;
  if (auto done = create_private_file(kept, content); !done) return failure(done.error());
  if (auto done = forget_oldest(folder); !done) return failure(done.error());
  return kept;
}

}  // namespace tasuki::files
