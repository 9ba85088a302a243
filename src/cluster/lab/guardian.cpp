#include "cluster/lab/guardian.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/cgroup.hpp"
#include "cluster/lab/namespaces.hpp"
#include "cluster/lab/note.hpp"
#include "cluster/lab/sweep.hpp"
#include "kit/cgroup_place.hpp"
#include "kit/file.hpp"
#include "kit/json.hpp"

namespace tasuki::lab {
namespace {

constexpr int kSupervisorNamespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;

// Leaves the terminal and whatever else `lab up` was given: output goes to the lab's log.
Result<void> daemonise(const Places& places, Fd& lock, Fd& progress) {
  keep_only({&lock, &progress});
  ::setsid();
  if (::chdir("/") != 0) return errno_failure("enter /");
  const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd log(::open(places.log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!input || !log) return errno_failure("open " + places.log());
  ::dup2(input.get(), STDIN_FILENO);
  ::dup2(log.get(), STDOUT_FILENO);
  ::dup2(log.get(), STDERR_FILENO);
  return {};
}

// Of no lab that ran before, also of one that was killed and never swept: a process's number would
// come again, and another container that shares the cgroups has the same ones.
std::string unique_name() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}", source(), source());
}

// Before anything is made, so that a lab that dies at any moment can be swept.
Result<void> write_record(const LabSettings& settings, const std::string& link) {
  const Places& places = settings.places;
  const Json record{{"cluster", settings.plan.cluster},
                    {"cgroup", places.cgroup},
                    {"registry", link},
                    {"guardian", ::getpid()}};
  if (auto done = replace_file_durably(places.record(), record.dump() + "\n"); !done) return done;
  if (auto made = make_folders(kRegistry); !made) return made;
  if (::symlink(places.folder.c_str(), link.c_str()) != 0) return errno_failure("make " + link);
  return {};
}

Result<void> guard(LabSettings& settings, Fd& progress) {
  const auto place = find_cgroup_place();
  if (!place) return failure(place.error());
  const std::string name = unique_name();
  settings.places.cgroup = fmt::format("{}/tasuki-lab-{}", place->own, name);
  if (auto done = write_record(settings, fmt::format("{}/{}", kRegistry, name)); !done) return done;
  int alive[2];
  if (::pipe2(alive, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  Fd alive_read(alive[0]);
  Fd alive_write(alive[1]);
  auto supervisor = start_in_namespaces(kSupervisorNamespaces, {}, [&] {
    alive_write.reset();
    return run_supervisor(settings, std::move(progress), std::move(alive_read));
  });
  if (!supervisor) return failure(supervisor.error());
  progress.reset();
  alive_read.reset();
  // pid_namespaces(7): when the supervisor has ended, everything in the lab has.
  int status = 0;
  while (::waitpid(supervisor->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) note("the supervisor was killed by signal {}", WTERMSIG(status));
  return {};
}

[[noreturn]] void run_guardian(LabSettings settings, Fd lock, Fd progress) {
  ::prctl(PR_SET_NAME, "tasuki-lab-guard");
  auto done = daemonise(settings.places, lock, progress);
  if (done) done = guard(settings, progress);
  if (!done) {
    note("{}", done.error().what);
    const std::string text = fmt::format("failed\n{}\n", done.error().what);
    [[maybe_unused]] const auto written = ::write(progress.get(), text.data(), text.size());
  }
  if (auto swept = sweep_lab(settings.places.folder); !swept) note("{}", swept.error().what);
  ::_exit(0);
}

}  // namespace

Result<Fd> lock_lab(const Places& places) {
  if (auto made = make_folders(places.folder); !made) return failure(made.error());
  Fd lock(::open(places.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return errno_failure("open " + places.lock());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return failure("a lab runs already in " + places.folder);
  return lock;
}

Result<Fd> start_lab(LabSettings settings, Fd lock) {
  for (const auto& folder : {settings.places.disks(), settings.places.changes()})
    if (auto made = make_folders(folder); !made) return failure(made.error());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return errno_failure("fork");
  if (pid == 0) {
    read_end.reset();
    run_guardian(std::move(settings), std::move(lock), std::move(write_end));
  }
  return read_end;
}

}  // namespace tasuki::lab
