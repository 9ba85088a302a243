#include "cluster/process/test_keeper.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/process/cgroup.hpp"
#include "kit/cgroup_place.hpp"
#include "kit/file.hpp"
#include "kit/mount_table.hpp"
#include "kit/text.hpp"

namespace tasuki::process {
namespace {

// Tests lie in tests/ and programs in bin/ of the build folder.
std::string keeper_program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "bin/tasuki-keeper";
}

std::vector<pid_t> parse_pids(std::string_view text) {
  std::vector<pid_t> pids;
  for (const std::string_view word : split(text, text.find('\n') == text.npos ? ' ' : '\n')) {
    pid_t pid = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), pid).ec == std::errc{})
      pids.push_back(pid);
  }
  return pids;
}

struct Places {
  std::string program, reset, cgroup, socket, disk;
  int log;
};

// The first process of the namespaces: mounts what belongs to them, starts the keeper, ends with
// it.
[[noreturn]] void be_init(const Places& places) {
  constexpr int kExitNoNamespace = 99;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("proc", "/proc", "proc", 0, nullptr) != 0 ||
      ::mount("tmpfs", places.disk.c_str(), "tmpfs", 0, nullptr) != 0)
    ::_exit(kExitNoNamespace);
  const pid_t keeper = ::fork();
  if (keeper == 0) {
    ::dup2(places.log, STDERR_FILENO);
    ::execl(places.program.c_str(), "tasuki-keeper", "--reset", places.reset.c_str(), "--cgroup",
            places.cgroup.c_str(), "--socket", places.socket.c_str(), nullptr);
    ::_exit(kExitNoNamespace);
  }
  for (;;) {
    int status = 0;
    if (::wait(&status) == keeper) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
  }
}

bool wait_readable(int fd, short events = POLLIN) {
  constexpr int kLimitMilliseconds = 10'000;
  pollfd poll{fd, events, 0};
  return ::poll(&poll, 1, kLimitMilliseconds) == 1;
}

void wait_for_log(int fd, std::string_view wanted) {
  std::string log;
  char buffer[4096];
  while (log.find(wanted) == log.npos) {
    TASUKI_ASSERT(wait_readable(fd));
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) std::fprintf(stderr, "%s\n", log.c_str());
    TASUKI_ASSERT(got > 0);
    log.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

std::string TestKeeper::missing() {
  if (::geteuid() != 0) return "needs root for cgroups and namespaces";
  if (const auto place = find_cgroup_place(); !place) return place.error().what;
  if (!std::filesystem::exists(keeper_program())) return keeper_program() + " was not built";
  return "";
}

TestKeeper::TestKeeper(const std::string& reset, std::string left) {
  std::string pattern = std::filesystem::temp_directory_path() / "tasuki-test-XXXXXX";
  TASUKI_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  TASUKI_ASSERT(::chmod(folder_.c_str(), 0755) == 0);
  TASUKI_ASSERT(::mkdir(disk().c_str(), 0755) == 0);
  constexpr std::string_view kDisk = "@DISK@";
  if (const auto place = left.find(kDisk); place != left.npos)
    left.replace(place, kDisk.size(), disk());
  if (!left.empty()) std::ofstream(socket() + ".left") << left;
  const auto place = find_cgroup_place();
  TASUKI_ASSERT(place.has_value());
  const std::string name = std::filesystem::path(folder_).filename();
  cgroup_ = place->own + "/" + name;

  int log[2];
  TASUKI_ASSERT(::pipe2(log, O_CLOEXEC) == 0);
  const Fd log_read(log[0]);
  Fd log_write(log[1]);
  const Places places{keeper_program(), reset,  cgroup_.substr(place->mount_point.size() + 1),
                      socket(),         disk(), log_write.get()};
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWNS;
  args.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  init_pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  TASUKI_ASSERT(init_pid_ >= 0);
  if (init_pid_ == 0) be_init(places);
  init_ = Fd(pidfd);
  log_write.reset();
  wait_for_log(log_read.get(), "the keeper serves");
  const auto children = read_file(fmt::format("/proc/{}/task/{}/children", init_pid_, init_pid_));
  keeper_ = parse_pids(children.value()).at(0);
}

TestKeeper::~TestKeeper() {
  if (init_) {
    ::kill(init_pid_, SIGKILL);
    ::waitpid(init_pid_, nullptr, 0);
  }
  [[maybe_unused]] const auto removed = remove_cgroup_tree(cgroup_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestKeeper::left() const {
  return read_file(socket() + ".left").value_or("");
}

bool TestKeeper::disk_mounted() const {
  const auto mounts = read_mount_table(init_pid_);
  TASUKI_ASSERT(mounts.has_value());
  return std::ranges::find(*mounts, disk(), &Mount::mount_point) != mounts->end();
}

std::vector<pid_t> TestKeeper::pids(const ProcessName& name) const {
  const auto text =
      read_file(fmt::format("{}/groups/{}/{}/cgroup.procs", cgroup_, name.group, name.key));
  return text ? parse_pids(*text) : std::vector<pid_t>{};
}

bool TestKeeper::wait_empty(const ProcessName& name) const {
  const auto watch =
      CgroupWatch::open(fmt::format("{}/groups/{}/{}", cgroup_, name.group, name.key));
  // Without a folder, or with one that is just removed, there is nothing left.
  while (watch && watch->populated().value_or(false))
    if (!wait_readable(watch->fd(), POLLPRI)) return false;
  return true;
}

Fd TestKeeper::start_inside(const std::function<void()>& body) const {
  // A PID namespace counts for the children of who enters it; this test stays outside.
  const Fd own(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  TASUKI_ASSERT(::setns(init_.get(), CLONE_NEWPID) == 0);
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto child = ::syscall(SYS_clone3, &args, sizeof args);
  if (child == 0) {
    body();
    ::_exit(0);
  }
  TASUKI_ASSERT(::setns(own.get(), CLONE_NEWPID) == 0);
  TASUKI_ASSERT(child > 0);
  return Fd(pidfd);
}

int TestKeeper::end() {
  ::kill(keeper_, SIGTERM);
  if (!wait_readable(init_.get())) return -1;
  int status = 0;
  TASUKI_ASSERT(::waitpid(init_pid_, &status, 0) == init_pid_);
  init_.reset();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace tasuki::process
