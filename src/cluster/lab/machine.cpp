#include "cluster/lab/machine.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "cluster/lab/boot.hpp"
#include "cluster/lab/cgroup.hpp"
#include "cluster/lab/init.hpp"
#include "cluster/lab/network.hpp"
#include "cluster/lab/note.hpp"
#include "kit/file.hpp"
#include "kit/readable.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;

// What the firmware of a fast machine takes; long enough to be seen from outside.
constexpr auto kRebootDelay = 1s;
// The kernel ends a machine within milliseconds; what takes this long does not end.
constexpr auto kEndLimit = 15s;
// The first process gives its programs ten seconds each, but those that hang hang together.
constexpr auto kShutDownLimit = 20s;
constexpr auto kReleasePoll = 2ms;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::string_view kind_name(HostKind kind) {
  switch (kind) {
    case HostKind::node:
      return "node";
    case HostKind::client:
      return "client";
    case HostKind::witness:
      return "witness";
  }
  return "";
}

// By its pidfd: its number may be another process's already. One that has ended needs no signal.
void send_signal(const Child& child, int signal) {
  ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, 0);
}

// Whether a server accepts connections on the socket, which may lie in another mount namespace.
bool accepts(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return socket &&
         ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Machine::Machine(asio::io_context& io, const Plan& plan, size_t position, const Places& places)
    : io_(io),
      plan_(plan),
      position_(position),
      host_(plan.hosts[position]),
      places_(places),
      watchdog_(io, [this] { reset("its watchdog ran out"); }) {}

Task<Result<void>> Machine::start() {
  if (power() != nullptr) co_return failure(host_.name + " is on already");
  auto channel = give_birth();
  if (!channel) {
    note("{} does not start: {}", host_.name, channel.error().what);
    co_return failure(channel.error().during("start " + host_.name));
  }
  // The first process waits for this byte until its interfaces are there, and answers it when it
  // starts its programs.
  asio::posix::stream_descriptor stream(io_, channel->release());
  char byte = 'g';
  boost::system::error_code problem;
  co_await asio::async_write(stream, asio::buffer(&byte, 1),
                             asio::redirect_error(asio::use_awaitable, problem));
  co_await asio::async_read(stream, asio::buffer(&byte, 1),
                            asio::redirect_error(asio::use_awaitable, problem));
  auto* on = std::get_if<On>(&state_);
  if (problem || on == nullptr)
    co_return failure(fmt::format("{} did not start; {} says why", host_.name, places_.log()));
  on->booted = true;
  co_return Result<void>();
}

// Everything up to the first process; leaves nothing behind when it fails.
Result<Fd> Machine::give_birth() {
  const std::string cgroup = places_.host_cgroup(host_.name);
  // The groups that the keeper made in the machine's earlier life are still there.
  if (auto removed = remove_cgroup(cgroup); !removed) return failure(removed.error());
  if (::mkdir(cgroup.c_str(), 0755) != 0) return errno_failure("make " + cgroup);
  auto disks = attach_disks();
  if (!disks) return failure(disks.error());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_failure("make a channel");
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  auto child = start_in_namespaces(kHostNamespaceFlags, cgroup, [&] {
    return boot_host(host_, places_, *disks, std::move(theirs));
  });
  if (!child) return failure(child.error());
  theirs.reset();

  const pid_t pid = child->pid;
  const int pidfd = ::dup(child->pidfd.get());
  become(On{Power{std::move(*child), std::move(*disks)}}, "switched on");
  start_task(io_.get_executor(), watch_end(pidfd));
  auto plugged = plug_in(position_, host_, pid);
  if (plugged && plug_ == Plug::in) plugged = set_ports(position_, host_, PortState::up);
  if (!plugged) {
    end_now(Then::stay_off, plugged.error().what);
    return failure(plugged.error());
  }
  return ours;
}

Result<std::vector<LoopDevice>> Machine::attach_disks() const {
  std::vector<LoopDevice> attached;
  if (host_.kind != HostKind::node) return attached;
  for (const auto& disk : plan_.disks) {
    auto loop = attach_loop(disk, places_.disks());
    if (!loop) return failure(loop.error());
    if (!loop->direct())
      note(
          "{}: {} goes through the machine's cache, because the file system under {} has no direct "
          "I/O",
          host_.name, disk.device, places_.disks());
    attached.push_back(std::move(*loop));
  }
  return attached;
}

Task<Result<void>> Machine::cut_power() {
  if (auto* ending = std::get_if<Ending>(&state_)) ending->then = Then::stay_off;
  if (std::holds_alternative<Rebooting>(state_)) become(Off{}, "power cut");
  if (power() != nullptr) end_now(Then::stay_off, "power cut");
  if (!co_await wait_until_ended(kEndLimit))
    co_return failure(host_.name + " does not end: a process or a mount is held in the kernel");
  co_return Result<void>();
}

void Machine::reset(const std::string& reason) {
  if (std::holds_alternative<On>(state_) || std::holds_alternative<Frozen>(state_))
    end_now(Then::start_again, "reset: " + reason);
}

Task<void> Machine::shut_down() {
  if (auto* on = std::get_if<On>(&state_)) {
    send_signal(on->power.first_process, SIGTERM);
    become(Ending{std::move(on->power), Then::stay_off}, "told to shut down");
    if (co_await wait_until_ended(kShutDownLimit)) co_return;
    note("{} takes too long to shut down", host_.name);
  }
  if (auto cut = co_await cut_power(); !cut) note("{}", cut.error().what);
}

// In this order: it does nothing more, nobody sees it any more, and nothing it holds in memory is
// written.
void Machine::end_now(Then then, const std::string& because) {
  Power* const mine = power();
  if (auto frozen = set_frozen(places_.host_cgroup(host_.name), true); !frozen)
    note("{}: {}", host_.name, frozen.error().what);
  if (auto down = set_ports(position_, host_, PortState::down); !down)
    note("{}: {}", host_.name, down.error().what);
  const auto processes = processes_below(places_.host_cgroup(host_.name));
  for (const auto& problem : shut_down_file_systems(mine->disks, processes))
    note("{}: {}", host_.name, problem.what);
  send_signal(mine->first_process, SIGKILL);
  watchdog_.power_cycle();
  if (!std::holds_alternative<Ending>(state_)) become(Ending{std::move(*mine), then}, because);
}

// Runs once for each life of the machine.
Task<void> Machine::watch_end(int pidfd) {
  asio::posix::stream_descriptor stream(io_, pidfd);
  co_await wait_readable(stream);
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
  // pid_namespaces(7): the first process ends last, so no process of the machine is left.
  ended(info.si_code, info.si_status);
  co_await wait_for_release();
  auto* const ending = std::get_if<Ending>(&state_);
  const Then then = ending->then;
  // Destroying the disks detaches them; whoever waits for the machine need not wait for that.
  const Power last = std::move(ending->power);
  if (then == Then::stay_off) {
    become(Off{}, "processes and mounts are gone");
  } else {
    auto timer = std::make_unique<asio::steady_timer>(io_, kRebootDelay);
    timer->async_wait([this](boost::system::error_code cancelled) {
      if (cancelled || !std::holds_alternative<Rebooting>(state_)) return;
      start_task(io_.get_executor(), [](Machine& self) -> Task<void> {
        // What goes wrong is in the log; there is nobody to tell.
        [[maybe_unused]] const auto started = co_await self.start();
      }(*this));
    });
    become(Rebooting{std::move(timer)}, "processes and mounts are gone");
  }
  for (auto* timer : waiting_for_end_) timer->cancel();
  // Others go on before the disks are detached, which takes the kernel some milliseconds.
  co_await asio::post(io_, asio::use_awaitable);
}

// Its end may be nobody's wish but its own.
void Machine::ended(int status_code, int status) {
  watchdog_.power_cycle();
  if (std::holds_alternative<Ending>(state_)) return;
  const bool failed = status_code == CLD_EXITED && status == kHostFailed;
  Power* const mine = power();
  become(Ending{std::move(*mine), failed ? Then::start_again : Then::stay_off},
         failed ? "its keeper ended"
                : fmt::format("its first process {} {}",
                              status_code == CLD_EXITED ? "ended with" : "was killed by signal",
                              status));
}

Task<void> Machine::wait_for_release() {
  for (const auto& disk : power()->disks)
    while (!disk.is_released()) co_await wait_for(kReleasePoll);
}

Task<bool> Machine::wait_until_ended(std::chrono::milliseconds limit) {
  asio::steady_timer timer(io_, limit);
  waiting_for_end_.insert(&timer);
  while (power() != nullptr && timer.expiry() > std::chrono::steady_clock::now()) {
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  waiting_for_end_.erase(&timer);
  co_return power() == nullptr;
}

Result<void> Machine::freeze(Watch watch) {
  auto* on = std::get_if<On>(&state_);
  if (on == nullptr || !on->booted) return failure(host_.name + " is not running");
  const std::string cgroup = places_.host_cgroup(host_.name);
  if (watch == Watch::paused) watchdog_.pause();
  if (auto frozen = set_frozen(cgroup, true); !frozen) {
    if (watch == Watch::paused) watchdog_.resume();
    if (auto thawed = set_frozen(cgroup, false); !thawed) return thawed;
    return failure(frozen.error().during("freeze " + host_.name));
  }
  become(Frozen{std::move(on->power)}, watch == Watch::paused ? "paused" : "frozen");
  return {};
}

Result<void> Machine::thaw() {
  auto* frozen = std::get_if<Frozen>(&state_);
  if (frozen == nullptr) return failure(host_.name + " is not frozen");
  if (auto thawed = set_frozen(places_.host_cgroup(host_.name), false); !thawed) return thawed;
  watchdog_.resume();
  become(On{std::move(frozen->power), true}, "thawed");
  return {};
}

Result<void> Machine::set_plug(Plug plug) {
  plug_ = plug;
  if (power() == nullptr) return {};
  return set_ports(position_, host_, plug == Plug::in ? PortState::up : PortState::down);
}

Machine::Power* Machine::power() {
  return const_cast<Power*>(std::as_const(*this).power());
}

const Machine::Power* Machine::power() const {
  return std::visit(Overloaded{[](const Off&) -> const Power* { return nullptr; },
                               [](const Rebooting&) -> const Power* { return nullptr; },
                               [](const auto& state) -> const Power* { return &state.power; }},
                    state_);
}

int Machine::process() const {
  const auto* on = std::get_if<On>(&state_);
  return on != nullptr && on->booted ? on->power.first_process.pidfd.get() : -1;
}

std::string Machine::not_answering() const {
  const auto* on = std::get_if<On>(&state_);
  if (on == nullptr || !on->booted) return host_.name;
  if (host_.kind != HostKind::node) return {};
  const std::string process = fmt::format("/proc/{}", on->power.first_process.pid);
  // libqb listens on abstract sockets, of which the host's network namespace has its own list.
  const auto sockets = read_file(process + "/net/unix");
  if (plan_.corosync && (!sockets || !sockets->contains("@cpg"))) return "corosync";
  return accepts(process + "/root/run/tasuki/control.sock") ? "" : "tasukid";
}

Json Machine::status() const {
  Json addresses = Json::array();
  for (const auto& interface : host_.interfaces) addresses.push_back(interface.address);
  Json disks = Json::array();
  if (power() != nullptr)
    for (const auto& disk : power()->disks)
      disks.push_back(
          {{"device", disk.device()}, {"loop", disk.number()}, {"direct_io", disk.direct()}});
  const auto left = watchdog_.left();
  return {{"name", host_.name},
          {"kind", kind_name(host_.kind)},
          {"state", state_name()},
          {"power", is_off() ? "off" : "on"},
          {"plugged_in", plug_ == Plug::in},
          {"addresses", addresses},
          {"disks", disks},
          {"watchdog_left_ms", left ? Json(left->count()) : Json()},
          {"watchdog_stopped", watchdog_.is_paused()},
          {"log", places_.host_log(host_.name)}};
}

std::string_view Machine::state_name() const {
  if (const auto* on = std::get_if<On>(&state_); on != nullptr && !on->booted) return "booting";
  return std::visit([](const auto& state) { return state.kName; }, state_);
}

void Machine::become(State next, std::string_view because) {
  const auto before = state_name();
  state_ = std::move(next);
  note("{}: {} -> {}, because: {}", host_.name, before, state_name(), because);
}

}  // namespace tasuki::lab
