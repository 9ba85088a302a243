#include "cluster/process/keeper.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/process/undo.hpp"
#include "kit/assert.hpp"
#include "kit/cgroup_place.hpp"
#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::process {
namespace {

Moment now() {
  return std::chrono::steady_clock::now();
}

// What makes the keeper work when the node is short of memory and processor time.
void become_resident() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
    log::warning("the keeper may be swapped out: {}", errno_failure("mlockall").error().what);
  const sched_param lowest{1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0)
    log::warning("the keeper runs without real-time priority: {}",
                 errno_failure("sched_setscheduler").error().what);
}

// A log whose reader stands still must not stop the keeper; a terminal is shared with others.
void never_wait_for_log() {
  if (::isatty(STDERR_FILENO) == 1) return;
  const int flags = ::fcntl(STDERR_FILENO, F_GETFL);
  if (flags >= 0) ::fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
}

// A keeper that crashed left processes that nobody watches any more; they end before new ones
// begin.
Result<void> end_leftovers(const std::string& groups) {
  const auto watch = CgroupWatch::open(groups);
  if (!watch) return failure(watch.error());
  auto populated = watch->populated();
  if (!populated) return failure(populated.error());
  if (*populated) {
    log::warning("processes of an earlier keeper are left in {}: killing them", groups);
    if (auto killed = kill_cgroup(groups); !killed) return killed;
  }
  constexpr milliseconds kKillLimit{10'000};
  const Moment limit = now() + kKillLimit;
  EventLoop loop;
  loop.watch(watch->fd(), EPOLLPRI, [&](uint32_t) { populated = watch->populated(); });
  while (populated && *populated && now() < limit) loop.run_once(limit);
  if (!populated) return failure(populated.error());
  if (*populated) return failure("processes in " + groups + " cannot be killed");
  return {};
}

std::string read_rest(int fd) {
  char buffer[1024];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  return {buffer, got > 0 ? static_cast<size_t>(got) : 0};
}

// Already gone is as good as signalled; its pidfd tells. (Debian 12's sys/pidfd.h is not usable
// from C++.)
void send_signal(const Fd& pidfd, int signal) {
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

}  // namespace

Result<void> Keeper::run(const KeeperOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  never_wait_for_log();
  auto life = KeeperLife::begin(options.socket);
  if (!life) return failure(life.error());
  auto reset = make_reset_method(options.reset);
  if (!reset) return failure(reset.error());
  auto folders = make_cgroups(options.cgroup);
  if (!folders) return failure(folders.error());
  // Frozen first: systemd may be about to start something there.
  for (const std::string& slice : life->slices()) {
    const std::string folder = folders->root + "/" + slice;
    if (!std::filesystem::exists(folder)) continue;
    if (auto frozen = freeze_cgroup(folder); !frozen) return frozen;
    if (auto ended = end_leftovers(folder); !ended) return ended;
  }
  Keeper keeper(options, std::move(*folders), std::move(*reset), *life);
  if (auto opened = keeper.open(); !opened) return opened;
  become_resident();
  keeper.take(LeftBehind{life->groups(), life->bound_before()});
  keeper.serve();
  return life->end();
}

Result<Keeper::Folders> Keeper::make_cgroups(const std::string& option) {
  const auto place = find_cgroup_place();
  if (!place) return failure(place.error());
  const std::string base = option.empty() ? place->own : place->mount_point + "/" + option;
  const Folders folders{place->mount_point, base + "/groups",
                        std::filesystem::exists(base) ? "" : base};
  if (auto made = make_folders(folders.groups); !made) return failure(made.error());
  if (auto ended = end_leftovers(folders.groups); !ended) return failure(ended.error());
  for (const auto& entry : std::filesystem::directory_iterator(folders.groups)) {
    if (!entry.is_directory()) continue;
    if (auto removed = remove_cgroup_tree(entry.path()); !removed) return failure(removed.error());
  }
  return folders;
}

Keeper::Keeper(const KeeperOptions& options, Folders folders, std::unique_ptr<ResetMethod> reset,
               KeeperLife& life)
    : folders_(std::move(folders)),
      reset_(std::move(reset)),
      life_(life),
      socket_(loop_, options.socket,
              {[this](pid_t tasukid) { connected(tasukid); },
               [this](std::string_view packet) { receive(packet); }}),
      state_({reset_->outlives_kernel()}) {}

Keeper::~Keeper() {
  for (const std::string& folder : {folders_.groups, folders_.made}) {
    if (folder.empty()) continue;
    if (auto removed = remove_cgroup_tree(folder); !removed)
      log::warning("{}", removed.error().what);
  }
}

Result<void> Keeper::open() {
  // Orphans of the groups come to the keeper, not to init, and are reaped here.
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return errno_failure("become a subreaper");
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT}) ::sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return errno_failure("sigprocmask");
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return errno_failure("signalfd");
  loop_.watch(signals_.get(), EPOLLIN, [this](uint32_t) { on_signals(); });
  if (auto listening = socket_.listen(); !listening) return listening;
  keep_disarmed();
  return {};
}

void Keeper::serve() {
  log::notice("the keeper serves {}", folders_.groups);
  while (!ending_ || !state_.empty()) {
    loop_.run_once(next_deadline());
    if (disarm_again_ && *disarm_again_ <= now()) keep_disarmed();
    if (const auto next = state_.next_deadline(); next && *next <= now()) take(TimePassed{});
  }
}

void Keeper::connected(pid_t tasukid) {
  log::notice("tasukid connected");
  take(ClientConnected{});
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, tasukid, 0)));
  if (!pidfd) {
    log::warning("the tasukid that connected cannot be ended by the keeper: {}",
                 errno_failure("open its pidfd").error().what);
    return;
  }
  const int number = pidfd.get();
  tasukids_.push_back({std::move(pidfd)});
  loop_.watch(number, EPOLLIN, [this, number](uint32_t) { tasukid_ended(number); });
}

void Keeper::receive(std::string_view packet) {
  auto request = parse_request(packet);
  // Without an id there is nobody to answer; the log is where such a mistake is looked for.
  if (!request) return log::error("a request of tasukid was refused: {}", request.error().what);
  take(Asked{std::move(*request)});
}

void Keeper::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      reap_orphans();
    } else if (!std::exchange(ending_, true)) {
      log::notice("the keeper was told to end");
      take(EndAsked{});
    }
  }
}

// --- From facts to effects ----------------------------------------------------------------------

void Keeper::take(const Fact& fact) {
  const Effects effects = state_.take(fact, now());
  if (auto remembered = life_.remember(state_.left()); !remembered)
    log::error("should this keeper die, nothing tells the next: {}", remembered.error().what);
  for (const Effect& effect : effects)
    std::visit([this](const auto& what) { perform(what); }, effect);
}

void Keeper::perform(const StartProcess& start_process) {
  const ProcessName& name = start_process.spawn.name;
  if (auto started = start(start_process.spawn); !started) {
    take(StartFailed{name, started.error()});
    if (!processes_.contains(name)) take(CgroupEmptied{name});
  }
}

void Keeper::perform(const SignalProcess& signal) {
  const auto found = processes_.find(signal.name);
  if (found == processes_.end() || !found->second.child.pidfd) return;
  send_signal(found->second.child.pidfd, signal.signal);
}

void Keeper::perform(const KillCgroup& kill) {
  log::warning("killing what is left of {}/{}", kill.name.group, kill.name.key);
  if (auto killed = kill_cgroup(folder(kill.name)); !killed) log::error("{}", killed.error().what);
  const auto found = processes_.find(kill.name);
  if (found == processes_.end() || found->second.slice.empty()) return;
  // Its own processes first: they are who has the slice filled.
  found->second.killed = true;
  cgroup_changed(kill.name);
}

void Keeper::perform(const RemoveProcess& remove) {
  const auto found = processes_.find(remove.name);
  if (found != processes_.end()) {
    if (found->second.cgroup) loop_.remove(found->second.cgroup->fd());
    if (found->second.slice_watch) loop_.remove(found->second.slice_watch->fd());
    processes_.erase(found);
  }
  if (auto removed = remove_cgroup_tree(folder(remove.name)); !removed)
    log::warning("{}", removed.error().what);
}

void Keeper::perform(const RemoveGroup& remove) {
  if (auto removed = remove_cgroup_tree(folders_.groups + "/" + remove.group); !removed)
    log::warning("{}", removed.error().what);
}

void Keeper::perform(const EndTasukid&) {
  log::warning("letting go of every group: {}", ending_ ? "the keeper ends"
                                                : tasukids_.empty()
                                                    ? "the keeper or tasukid that had them is gone"
                                                    : "tasukid did not renew the lease");
  for (Tasukid& tasukid : tasukids_) {
    tasukid.told_to_end = true;
    send_signal(tasukid.pidfd, SIGKILL);
  }
  if (tasukids_.empty()) take(TasukidEnded{});
}

void Keeper::perform(const StartRelease& release) {
  if (release.releases.empty()) return take(ReleaseEnded{release.group, {}});
  auto child = start_function([&] { return undo_releases(release.releases, release.until); });
  if (!child) return take(ReleaseEnded{release.group, failure(child.error())});
  const int pidfd = child->pidfd.get();
  releases_.insert_or_assign(release.group, std::move(*child));
  loop_.watch(pidfd, EPOLLIN, [this, group = release.group](uint32_t) { release_ended(group); });
}

void Keeper::perform(const ArmReset& arm) {
  disarm_again_.reset();
  life_.bind(now() + arm.bound);
  if (auto armed = reset_->arm(arm.bound); !armed)
    log::error("this node's lease proves nothing: {}", armed.error().what);
}

void Keeper::perform(const DisarmReset&) {
  life_.bind({});
  keep_disarmed();
}

void Keeper::perform(const ResetNode& reset) {
  log::error("resetting this node: {}", reset.reason);
  if (auto done = reset_->reset(reset.reason); !done)
    log::error("this node could not be reset: {}", done.error().what);
}

void Keeper::perform(const Reply& reply) {
  socket_.send(reply);
}

void Keeper::perform(const Event& event) {
  if (const auto* exited = std::get_if<Exited>(&event))
    log::notice("{}/{} {}", exited->name.group, exited->name.key, describe(exited->status));
  socket_.send(event);
}

// --- Processes ----------------------------------------------------------------------------------

Result<void> Keeper::start(const Spawn& spawn) {
  const ProcessName& name = spawn.name;
  const std::string path = folder(name);
  if (auto made = make_folders(path); !made) return made;
  const auto cgroup = open_cgroup(path);
  if (!cgroup) return failure(cgroup.error());
  auto watch = CgroupWatch::open(path);
  if (!watch) return failure(watch.error());
  if (!spawn.slice.empty())
    if (auto noted = life_.remember_slice(spawn.slice); !noted) return noted;
  auto child = start_program(spawn, cgroup->get());
  if (!child) return failure(child.error());

  watch_output(spawn, std::move(child->output));
  Process& process = processes_[name];
  process.child = std::move(*child);
  process.problem.clear();
  process.killed = false;
  // Unread, it would be ready without end.
  if (process.slice_watch) loop_.remove(process.slice_watch->fd());
  process.slice_watch.reset();
  process.slice = spawn.slice.empty() ? "" : folders_.root + "/" + spawn.slice;
  if (!process.cgroup) {
    process.cgroup = std::make_unique<CgroupWatch>(std::move(*watch));
    loop_.watch(process.cgroup->fd(), EPOLLPRI, [this, name](uint32_t) { cgroup_changed(name); });
  }
  loop_.watch(process.child.report.get(), EPOLLIN, [this, name](uint32_t) { read_report(name); });
  loop_.watch(process.child.pidfd.get(), EPOLLIN, [this, name](uint32_t) { main_ended(name); });
  return {};
}

// The child says why its program cannot run, and ends; or closes its end by running it.
void Keeper::read_report(const ProcessName& name) {
  Process& process = processes_.at(name);
  process.problem = read_rest(process.child.report.get());
  loop_.remove(process.child.report.get());
  process.child.report.reset();
  if (process.problem.empty()) take(Started{name, process.child.pid});
}

void Keeper::main_ended(const ProcessName& name) {
  Process& process = processes_.at(name);
  // A program that ends at once may be seen to end before it is seen to start.
  if (process.child.report) read_report(name);
  loop_.remove(process.child.pidfd.get());
  const ExitStatus status = reap(process.child);
  process.child.pidfd.reset();
  reap_orphans();
  drain_output(name);
  if (process.problem.empty()) return take(MainEnded{name, status});
  take(StartFailed{name, {process.problem}});
}

void Keeper::cgroup_changed(const ProcessName& name) {
  Process& process = processes_.at(name);
  const auto populated = process.cgroup->populated();
  if (!populated) return log::error("{}/{}: {}", name.group, name.key, populated.error().what);
  const bool slice_empty =
      process.slice.empty() || (*populated && !process.killed) || close_slice(name, process);
  if (!*populated && slice_empty) take(CgroupEmptied{name});
}

// Whether a slice is empty for good, once nobody fills it any more or it is to be killed. A start
// that systemd was asked for before may come at any time after, so it is frozen before it counts as
// empty: whoever comes late never runs.
bool Keeper::close_slice(const ProcessName& name, Process& process) {
  if (!std::filesystem::exists(process.slice)) return true;
  const auto told = [&](const Error& error) {
    log::error("{}/{}: {}", name.group, name.key, error.what);
    return false;
  };
  if (!process.slice_watch) {
    auto watch = CgroupWatch::open(process.slice);
    if (!watch) return told(watch.error());
    process.slice_watch = std::make_unique<CgroupWatch>(std::move(*watch));
    loop_.watch(process.slice_watch->fd(), EPOLLPRI,
                [this, name](uint32_t) { cgroup_changed(name); });
  }
  auto populated = process.slice_watch->populated();
  // What was left running by itself is tasukid's to stop, and then killed.
  if (populated && *populated && !process.killed) return false;
  if (auto frozen = freeze_cgroup(process.slice); !frozen) return told(frozen.error());
  populated = process.slice_watch->populated();
  if (!populated) return told(populated.error());
  if (!*populated) return true;
  if (auto killed = kill_cgroup(process.slice); !killed) return told(killed.error());
  return false;
}

void Keeper::tasukid_ended(int pidfd) {
  loop_.remove(pidfd);
  const auto ended =
      std::ranges::find(tasukids_, pidfd, [](const Tasukid& t) { return t.pidfd.get(); });
  const bool awaited = ended->told_to_end;
  tasukids_.erase(ended);
  if (awaited && std::ranges::none_of(tasukids_, &Tasukid::told_to_end)) take(TasukidEnded{});
}

void Keeper::release_ended(const std::string& group) {
  const auto found = releases_.find(group);
  const Child child = std::move(found->second);
  releases_.erase(found);
  loop_.remove(child.pidfd.get());
  const std::string problem = read_rest(child.report.get());
  const ExitStatus status = reap(child);
  reap_orphans();
  if (status.success()) {
    log::warning("{} has let go of everything", group);
    return take(ReleaseEnded{group, {}});
  }
  take(ReleaseEnded{group, failure(problem.empty() ? "it " + describe(status) : problem)});
}

void Keeper::reap_orphans() {
  process::reap_orphans([this](pid_t pid) {
    for (const auto& [name, process] : processes_)
      if (process.child.pidfd && process.child.pid == pid) return true;
    for (const auto& [group, child] : releases_)
      if (child.pid == pid) return true;
    return false;
  });
}

// --- Output -------------------------------------------------------------------------------------

void Keeper::watch_output(const Spawn& spawn, Fd fd) {
  Stream& stream = streams_.emplace_back(
      Stream{spawn.name, spawn.tag.empty() ? spawn.name.key : spawn.tag, std::move(fd), {}});
  loop_.watch(stream.fd.get(), EPOLLIN, [this, &stream](uint32_t) { read_output(stream); });
}

// False when there is nothing more for now, or for ever: then the stream is gone.
bool Keeper::read_output(Stream& stream) {
  const auto tell = [&](std::string_view line) {
    log::info("{}: {}", stream.tag, line);
    socket_.send(Event(Output{stream.name, std::string(line)}));
  };
  char buffer[16384];
  const ssize_t got = ::read(stream.fd.get(), buffer, sizeof buffer);
  if (got > 0) stream.lines.take({buffer, static_cast<size_t>(got)}, tell);
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return got > 0;
  stream.lines.finish(tell);
  loop_.remove(stream.fd.get());
  streams_.remove_if([&](const Stream& other) { return &other == &stream; });
  return false;
}

// What a process said last comes before the news of its end.
void Keeper::drain_output(const ProcessName& name) {
  // As much as a pipe holds (pipe(7)); its children may go on printing.
  constexpr int kReadsMax = 8;
  for (auto next = streams_.begin(); next != streams_.end();) {
    Stream& stream = *next++;
    if (stream.name != name) continue;
    for (int reads = 0; reads < kReadsMax && read_output(stream); ++reads) {
    }
  }
}

// --- Time and places ----------------------------------------------------------------------------

void Keeper::keep_disarmed() {
  if (auto disarmed = reset_->disarm(); !disarmed) log::error("{}", disarmed.error().what);
  const auto interval = reset_->idle_interval();
  disarm_again_ = interval ? std::optional(now() + *interval) : std::nullopt;
}

std::optional<Moment> Keeper::next_deadline() const {
  const auto next = state_.next_deadline();
  if (!next || !disarm_again_) return next ? next : disarm_again_;
  return std::min(*next, *disarm_again_);
}

std::string Keeper::folder(const ProcessName& name) const {
  return folders_.groups + "/" + name.group + "/" + name.key;
}

}  // namespace tasuki::process
