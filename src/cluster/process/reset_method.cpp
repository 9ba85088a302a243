#include "cluster/process/reset_method.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::process {
namespace {

class NoReset final : public ResetMethod {
 public:
  Result<void> arm(milliseconds) override { return {}; }
  Result<void> disarm() override { return {}; }
  Result<void> reset(const std::string&) override {
    return failure("no way to reset this node was given (--reset none)");
  }
};

// Writing here works for root whatever kernel.sysrq says; "b" resets without a last write to any
// disk (the kernel's sysrq.rst).
Result<void> reset_by_sysrq() {
  return write_file("/proc/sysrq-trigger", "b");
}

class SysrqReset final : public ResetMethod {
 public:
  Result<void> arm(milliseconds) override { return {}; }
  Result<void> disarm() override { return {}; }
  Result<void> reset(const std::string&) override { return reset_by_sysrq(); }
};

// A watchdog counts from its opening to its close, so while nothing is owned it is petted as well.
class WatchdogReset final : public ResetMethod {
 public:
  WatchdogReset(std::string device, Fd fd) : device_(std::move(device)), fd_(std::move(fd)) {
    watchdog_info offered{};
    pretimeouts_ = ::ioctl(fd_.get(), WDIOC_GETSUPPORT, &offered) == 0 &&
                   (offered.options & WDIOF_PRETIMEOUT) != 0;
  }
  // The "magic close" of a clean end: without it the watchdog goes on counting.
  ~WatchdogReset() override { [[maybe_unused]] const auto written = ::write(fd_.get(), "V", 1); }

  // Whole seconds, rounded down: the reset may come early, never late.
  Result<void> arm(milliseconds bound) override {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(bound);
    if (seconds.count() < 1) return failure(device_ + " cannot count less than a second");
    return pet(static_cast<int>(seconds.count()));
  }
  Result<void> disarm() override { return pet(kIdleSeconds); }
  [[nodiscard]] bool outlives_kernel() const override { return true; }

  Result<void> reset(const std::string&) override {
    // The watchdog alone would take a second more, its shortest time; the kernel resets at once if
    // it still can.
    if (auto set = set_timeout(1); !set) log::error("{}", set.error().what);
    return reset_by_sysrq();
  }

  [[nodiscard]] std::optional<milliseconds> idle_interval() const override {
    return std::chrono::seconds(kIdleSeconds) / 3;
  }

 private:
  static constexpr int kIdleSeconds = 30;
  static constexpr int kSparesSecond = 5;

  Result<void> set_timeout(int seconds) {
    int accepted = seconds;
    if (::ioctl(fd_.get(), WDIOC_SETTIMEOUT, &accepted) != 0)
      return errno_failure(fmt::format("set {} to {} s", device_, seconds));
    timeout_ = accepted;
    if (accepted > seconds)
      return failure(
          fmt::format("{} counts {} s where {} s were asked for", device_, accepted, seconds));
    set_pretimeout(accepted);
    return {};
  }
  // A second before the reset, where the driver offers it, the kernel says why, if it still can; as
  // a rule by a panic. Short counts cannot spare that second.
  void set_pretimeout(int seconds) {
    if (!pretimeouts_) return;
    int before = seconds >= kSparesSecond ? 1 : 0;
    if (::ioctl(fd_.get(), WDIOC_SETPRETIMEOUT, &before) != 0) {
      log::warning("{}", errno_failure("set the pretimeout of " + device_).error().what);
      pretimeouts_ = false;
    }
  }
  Result<void> pet(int seconds) {
    Result<void> set;
    if (seconds != timeout_) set = set_timeout(seconds);
    if (::ioctl(fd_.get(), WDIOC_KEEPALIVE, 0) != 0) return errno_failure("pet " + device_);
    return set;
  }

  std::string device_;
  Fd fd_;
  int timeout_ = 0;
  bool pretimeouts_ = false;
};

// Text lines to a supervisor outside of the node; a closed connection does not disarm, so a lost
// one is simply opened again.
class SimulatedReset final : public ResetMethod {
 public:
  explicit SimulatedReset(std::string path) : path_(std::move(path)) {}

  Result<void> arm(milliseconds bound) override {
    return say(fmt::format("pet {}\n", bound.count()));
  }
  Result<void> disarm() override { return say("disarm\n"); }
  [[nodiscard]] bool outlives_kernel() const override { return true; }
  Result<void> reset(const std::string& reason) override {
    std::string line = reason;
    std::ranges::replace(line, '\n', ' ');
    return say(fmt::format("reset {}\n", line));
  }

  Result<void> say(const std::string& line) {
    if (socket_ && send(line)) return {};
    socket_.reset();
    if (auto connected = connect(); !connected) return connected;
    if (!send(line)) return errno_failure("write to " + path_);
    return {};
  }

 private:
  Result<void> connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return failure(path_ + " is too long a path");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) return errno_failure("socket");
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return errno_failure("connect to " + path_);
    return {};
  }
  bool send(const std::string& line) {
    return ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(line.size());
  }

  std::string path_;
  Fd socket_;
};

Result<std::unique_ptr<ResetMethod>> make_watchdog(std::string device) {
  Fd fd(::open(device.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd)
    return failure(errno_failure("open the watchdog " + device).error().what +
                   " (load its driver, softdog at the least, or choose another --reset)");
  auto watchdog = std::make_unique<WatchdogReset>(std::move(device), std::move(fd));
  if (auto petted = watchdog->disarm(); !petted) log::warning("{}", petted.error().what);
  return watchdog;
}

Result<std::unique_ptr<ResetMethod>> make_simulated(std::string path) {
  auto simulated = std::make_unique<SimulatedReset>(std::move(path));
  if (auto said = simulated->disarm(); !said) return failure(said.error());
  return simulated;
}

}  // namespace

Result<std::unique_ptr<ResetMethod>> make_reset_method(std::string_view method) {
  constexpr std::string_view kWatchdog = "watchdog:", kSimulated = "simulated:";
  if (method == "none") return std::make_unique<NoReset>();
  if (method == "sysrq") {
    log::warning("reset by sysrq: a kernel that stands still escapes it; a watchdog does not");
    return std::make_unique<SysrqReset>();
  }
  if (method == "watchdog") return make_watchdog("/dev/watchdog");
  if (method.starts_with(kWatchdog))
    return make_watchdog(std::string(method.substr(kWatchdog.size())));
  if (method.starts_with(kSimulated))
    return make_simulated(std::string(method.substr(kSimulated.size())));
  return failure(
      fmt::format("\"{}\" is no way to reset a node; use watchdog, watchdog:DEVICE, "
                  "sysrq, simulated:SOCKET or none",
                  method));
}

}  // namespace tasuki::process
