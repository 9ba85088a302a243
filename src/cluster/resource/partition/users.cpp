#include "cluster/resource/partition/users.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::resource {
namespace {

namespace fs = std::filesystem;

// Follows one of /proc's links to the file itself, whatever its path says by now.
bool leads_to(const std::string& link, const FilesystemMarks& marks) {
  struct statx file{};
  // What the kernel has cached is enough; another file system that hangs must not stop us.
  constexpr int kFlags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  if (::statx(AT_FDCWD, link.c_str(), kFlags, STATX_MNT_ID, &file) != 0) return false;
  return marks.devices.contains(makedev(file.stx_dev_major, file.stx_dev_minor)) ||
         ((file.stx_mask & STATX_MNT_ID) != 0 && marks.mounts.contains(file.stx_mnt_id));
}

bool has_open(const std::string& process, const FilesystemMarks& marks) {
  std::error_code ended;
  for (fs::directory_iterator file(process + "/fd", ended), end; !ended && file != end;
       file.increment(ended))
    if (leads_to(file->path(), marks)) return true;
  return false;
}

// A mapping's file may be closed and removed; its device is the fourth word of the line
// (proc_pid_maps(5)).
bool has_mapped(const std::string& process, const FilesystemMarks& marks) {
  const auto maps = read_file(process + "/maps");
  if (!maps) return false;
  for (const auto line : split(*maps, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() < 5) continue;
    const auto numbers = split(words[3], ':');
    if (numbers.size() != 2) continue;
    unsigned number[2] = {};
    for (size_t i = 0; i < 2; ++i)
      std::from_chars(numbers[i].data(), numbers[i].data() + numbers[i].size(), number[i], 16);
    if (marks.devices.contains(makedev(number[0], number[1]))) return true;
  }
  return false;
}

bool uses(const std::string& process, const FilesystemMarks& marks) {
  return leads_to(process + "/cwd", marks) || leads_to(process + "/root", marks) ||
         leads_to(process + "/exe", marks) || has_open(process, marks) ||
         has_mapped(process, marks);
}

// By number, because glibc 2.36 declares the functions in a way that C++ cannot link.
Fd open_process(pid_t process) {
  return Fd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}
bool send_signal(const Fd& process, int signal) {
  return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

}  // namespace

std::string describe(const std::vector<User>& users) {
  std::vector<std::string> parts;
  for (const auto& user : users)
    parts.push_back(fmt::format("{} (process {})", user.command, user.process));
  return join(parts, ", ");
}

std::vector<User> find_users(const FilesystemMarks& marks) {
  std::vector<User> users;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string process = entry.path();
    const std::string number = entry.path().filename();
    pid_t id = 0;
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (problem != std::errc() || end != number.data() + number.size() || id == ::getpid())
      continue;
    if (uses(process, marks))
      users.push_back({id, std::string(trim(read_file(process + "/comm").value_or("?")))});
  }
  return users;
}

void end_users(const std::vector<User>& users, int signal, Deadline deadline) {
  std::vector<Fd> alive;
  for (const auto& user : users) {
    if (user.process == 1) continue;
    // By descriptor, so that a number that has been given to another process meanwhile is safe
    // from the second signal at least.
    Fd process = open_process(user.process);
    if (process && send_signal(process, signal)) alive.push_back(std::move(process));
  }
  for (const auto& process : alive) {
    pollfd waiting{.fd = process.get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(left_until(deadline).count()));
  }
}

}  // namespace tasuki::resource
