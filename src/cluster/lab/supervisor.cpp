#include "cluster/lab/supervisor.hpp"

#include <csignal>
#include <filesystem>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "cluster/lab/boot.hpp"
#include "cluster/lab/control.hpp"
#include "cluster/lab/line_server.hpp"
#include "cluster/lab/machine.hpp"
#include "cluster/lab/network.hpp"
#include "cluster/lab/note.hpp"
#include "cluster/lab/power_protocol.hpp"
#include "cluster/lab/sweep.hpp"
#include "cluster/witness/slots.hpp"
#include "kit/file.hpp"
#include "kit/readable.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Two nodes answer within 3 s of a cold start; a machine with much else to do takes longer.
constexpr auto kReadyLimit = 30s;
constexpr auto kReadyPoll = 20ms;
constexpr size_t kLogLinesShown = 10;
constexpr size_t kAuthKeyBytes = 256;  // corosync-keygen(8)

// Corosync's key: made once for a lab's folder, the same on every node.
Result<std::string> lab_key(const Places& places) {
  const std::string path = places.folder + "/authkey";
  if (auto old = read_file(path); old && old->size() == kAuthKeyBytes) return old;
  std::string key(kAuthKeyBytes, '\0');
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return errno_failure("make a key");
  if (auto written = replace_file_durably(path, key, 0400); !written)
    return failure(written.error());
  return key;
}

// /etc/tasuki of a node: the machine's own (its scripts), with the lab's configuration and key.
Result<void> fill_etc(const Host& host, const LabSettings& settings, const std::string& key) {
  const std::string etc = settings.places.host(host.name) + "/etc";
  std::error_code error;
  const bool has_files = fs::is_directory("/etc/tasuki", error);
  error.clear();
  if (has_files)
    fs::copy("/etc/tasuki", etc,
             fs::copy_options::recursive | fs::copy_options::update_existing |
                 fs::copy_options::copy_symlinks,
             error);
  if (error) return failure("copy /etc/tasuki to " + etc + ": " + error.message());
  if (auto done = replace_file_durably(etc + "/cluster.toml", settings.config_text, 0644); !done)
    return done;
  return replace_file_durably(etc + "/authkey", key, 0400);
}

class Supervisor {
 public:
  Supervisor(const LabSettings& settings, Fd progress, Fd guardian_alive)
      : settings_(settings),
        plan_(settings.plan),
        places_(settings.places),
        progress_(std::move(progress)),
        guardian_alive_(io_, guardian_alive.release()),
        control_(plan_, places_, machines_, [this] { end_lab("told to end"); }) {
    for (size_t position = 0; position < plan_.hosts.size(); ++position)
      machines_.push_back(std::make_unique<Machine>(io_, plan_, position, places_));
  }

  int run() {
    start_task(io_.get_executor(), watch_signals());
    start_task(io_.get_executor(), watch_guardian());
    start_task(io_.get_executor(), bring_up());
    io_.run();
    return exit_status_;
  }

 private:
  Task<void> bring_up() {
    auto done = make_ground();
    if (done) done = serve();
    if (done) done = co_await start_machines();
    if (done) {
      tell("ready");
      progress_.reset();
      note("lab {} runs", plan_.cluster);
      co_return;
    }
    tell("failed");
    tell(done.error().what);
    exit_status_ = 1;
    end_lab("it could not be brought up");
  }

  // What the machines stand on.
  Result<void> make_ground() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
      return errno_failure("separate the mounts");
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
      return errno_failure("mount /proc");
    if (::mount("tmpfs", places_.changes().c_str(), "tmpfs", MS_NOSUID, "mode=755") != 0)
      return errno_failure("mount " + places_.changes());
    if (::mkdir(places_.cgroup.c_str(), 0755) != 0) return errno_failure("make " + places_.cgroup);
    tell(fmt::format("network with {} link{}", plan_.links, plan_.links == 1 ? "" : "s"));
    if (auto made = make_bridges(plan_.links); !made) return made;
    for (const auto& disk : plan_.disks) {
      auto made = make_image(disk, places_.disks(), settings_.disk_bytes, settings_.old_disks);
      if (!made) return failure(made.error());
      tell(fmt::format("disk {} ({}), {}", disk.device,
                       disk.filesystem.empty() ? "witness" : disk.filesystem,
                       *made ? "made" : "as it was left"));
    }
    if (std::ranges::any_of(plan_.hosts, [](const Host& host) { return !host.share.empty(); })) {
      if (auto made = make_folders(places_.share()); !made) return made;
      if (auto made = witness::prepare_folder(places_.share(), plan_.cluster); !made) return made;
    }
    const auto key = lab_key(places_);
    if (!key) return failure(key.error());
    for (const auto& host : plan_.hosts) {
      if (auto made = make_host_folders(host, places_); !made) return made;
      if (host.kind != HostKind::node) continue;
      if (auto filled = fill_etc(host, settings_, *key); !filled) return filled;
    }
    return {};
  }

  Result<void> serve() {
    auto done = serve_lines(io_, places_.power_socket(),
                            [this](std::string line) { return answer_power(std::move(line)); });
    for (auto& machine : machines_) {
      if (!done || machine->host().kind != HostKind::node) continue;
      done = serve_lines(io_, places_.watchdog_socket(machine->host().name),
                         [this, it = machine.get()](std::string line) {
                           return take_watchdog_line(*it, std::move(line));
                         });
    }
    if (!done) return done;
    return serve_lines(io_, places_.control_socket(),
                       [this](std::string line) { return control_.answer(std::move(line)); });
  }

  Task<Result<void>> start_machines() {
    for (auto& machine : machines_) {
      tell(fmt::format("host {}", machine->host().name));
      if (auto started = co_await machine->start(); !started) co_return started;
    }
    const auto deadline = std::chrono::steady_clock::now() + kReadyLimit;
    for (auto& machine : machines_) {
      std::string missing;
      while (!(missing = machine->not_answering()).empty()) {
        if (ending_ || std::chrono::steady_clock::now() > deadline)
          co_return failure(why_not_ready(machine->host(), missing));
        if (interrupted()) end_lab("lab up was interrupted");
        co_await wait_for(kReadyPoll);
      }
      if (machine->host().kind == HostKind::node)
        tell(fmt::format("{} answers", machine->host().name));
    }
    co_return Result<void>();
  }

  [[nodiscard]] std::string why_not_ready(const Host& host, const std::string& program) const {
    const std::string log = fmt::format("{}/{}.log", places_.host_log(host.name), program);
    const std::string sentence = fmt::format("{}: {} does not answer", host.name, program);
    const auto text = read_file(log);
    if (!text) return fmt::format("{}, and there is no {}", sentence, log);
    auto lines = split(trim(*text), '\n');
    if (lines.size() > kLogLinesShown) lines.erase(lines.begin(), lines.end() - kLogLinesShown);
    return fmt::format("{}; the last lines of {}:\n  {}", sentence, log, fmt::join(lines, "\n  "));
  }

  Task<LineAnswer> answer_power(std::string line) {
    const auto request = parse_power_request(line);
    if (!request) co_return LineAnswer{"error " + request.error().what};
    if (request->action == PowerAction::list) {
      std::string names = "ok";
      for (const auto& host : plan_.hosts)
        if (host.kind == HostKind::node) names += " " + host.name;
      co_return LineAnswer{names};
    }
    Machine* const machine = control_.find(request->node);
    if (machine == nullptr || machine->host().kind != HostKind::node)
      co_return LineAnswer{fmt::format("error there is no node named {}", request->node)};
    if (request->action == PowerAction::status)
      co_return LineAnswer{machine->is_off() ? "ok off" : "ok on"};
    note("power controller: {}", line);
    const bool off = request->action == PowerAction::off;
    Result<void> done;
    if (off)
      done = co_await machine->cut_power();
    else if (machine->is_off())
      done = co_await machine->start();
    if (!done) co_return LineAnswer{"error " + done.error().what};
    co_return LineAnswer{off ? "ok off" : "ok on"};
  }

  Task<LineAnswer> take_watchdog_line(Machine& machine, std::string line) {
    const auto request = parse_watchdog_request(line);
    if (!request) {
      note("{}: its watchdog was told {}", machine.host().name, request.error().what);
    } else if (const auto* pet = std::get_if<Pet>(&*request)) {
      machine.watchdog().pet(pet->timeout);
    } else if (const auto* now = std::get_if<ResetNow>(&*request)) {
      machine.reset("asked by the node: " + now->reason);
    } else {
      machine.watchdog().disarm();
    }
    co_return LineAnswer{};
  }

  void tell(const std::string& line) {
    const std::string text = line + "\n";
    // A reader that is gone is noticed by interrupted().
    [[maybe_unused]] const auto written = ::write(progress_.get(), text.data(), text.size());
  }

  // Whether the reader is gone before everything runs: then nobody wants the lab.
  [[nodiscard]] bool interrupted() const {
    pollfd entry{progress_.get(), 0, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLERR) != 0;
  }

  void end_lab(std::string_view because) {
    if (ending_) return;
    ending_ = true;
    note("lab {} ends: {}", plan_.cluster, because);
    start_task(io_.get_executor(), end_machines());
  }

  // All at once, as when the building's power goes, but in order.
  Task<void> end_machines() {
    size_t left = machines_.size();
    asio::steady_timer all_ended(io_, asio::steady_timer::time_point::max());
    for (auto& machine : machines_)
      start_task(io_.get_executor(),
                 [](Machine& it, size_t& count, asio::steady_timer& last) -> Task<void> {
                   co_await it.shut_down();
                   if (--count == 0) last.cancel();
                 }(*machine, left, all_ended));
    boost::system::error_code woken;
    if (left > 0) co_await all_ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    io_.stop();
  }

  Task<void> watch_signals() {
    sigset_t handled;
    ::sigemptyset(&handled);
    ::sigaddset(&handled, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &handled, nullptr);
    asio::posix::stream_descriptor signals(io_, ::signalfd(-1, &handled, SFD_CLOEXEC));
    co_await wait_readable(signals);
    end_lab("SIGTERM");
  }

  // The guardian takes away what the kernel does not; without it the lab ends while it still can do
  // that itself.
  Task<void> watch_guardian() {
    co_await wait_readable(guardian_alive_);
    end_lab("its guardian is gone");
  }

  const LabSettings& settings_;
  const Plan& plan_;
  const Places& places_;
  asio::io_context io_{1};
  Fd progress_;
  asio::posix::stream_descriptor guardian_alive_;
  std::vector<std::unique_ptr<Machine>> machines_;
  Control control_;
  bool ending_ = false;
  int exit_status_ = 0;
};

}  // namespace

int run_supervisor(const LabSettings& settings, Fd progress, Fd guardian_alive) {
  ::prctl(PR_SET_NAME, "tasuki-lab");
  ::signal(SIGPIPE, SIG_IGN);
  const int status = Supervisor(settings, std::move(progress), std::move(guardian_alive)).run();
  // The guardian does the same; here it is done for the case that it was killed.
  ::umount2(settings.places.changes().c_str(), 0);
  if (auto swept = sweep_lab(settings.places.folder); !swept) note("{}", swept.error().what);
  return status;
}

}  // namespace tasuki::lab
