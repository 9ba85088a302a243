// One host of a running lab as the supervisor sees it: its power, its links, its clock of last
// resort. The rule: a machine counts as off only when its processes and its mounts are gone.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/lab/disk.hpp"
#include "cluster/lab/namespaces.hpp"
#include "cluster/lab/places.hpp"
#include "cluster/lab/plan.hpp"
#include "cluster/lab/watchdog.hpp"
#include "kit/json.hpp"
#include "kit/task.hpp"

namespace tasuki::lab {

class Machine {
 public:
  Machine(asio::io_context& io, const Plan& plan, size_t position, const Places& places);

  // Switches it on; success: its programs were started.
  Task<Result<void>> start();
  // As when the plug is pulled: links down, file systems stopped without flushing, every process
  // killed. Success: all of it is gone. It stays off.
  Task<Result<void>> cut_power();
  // As the reset button: the power is cut, and a second after it is off it starts again.
  void reset(const std::string& reason);
  // Tells its programs to end, and cuts the power when they take too long.
  Task<void> shut_down();

  // Whether the watchdog's time goes on while the machine stands still.
  enum class Watch { runs, paused };
  Result<void> freeze(Watch watch);
  Result<void> thaw();

  enum class Plug { in, out };
  Result<void> set_plug(Plug plug);

  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] Watchdog& watchdog() { return watchdog_; }
  // False also while it waits to start again: a reset is no proof that it is off.
  [[nodiscard]] bool is_off() const { return std::holds_alternative<Off>(state_); }
  [[nodiscard]] Json status() const;

  // For a command inside: its first process, while it is on and not frozen; -1 otherwise.
  [[nodiscard]] int process() const;
  // None, or what of it does not answer yet: "corosync" or "tasukid".
  [[nodiscard]] std::string not_answering() const;

 private:
  struct Off {
    static constexpr std::string_view kName = "off";
  };
  // Off, and soon on again.
  struct Rebooting {
    static constexpr std::string_view kName = "rebooting";
    std::unique_ptr<asio::steady_timer> timer;
  };
  enum class Then { stay_off, start_again };
  // What a machine with power has.
  struct Power {
    Child first_process;
    std::vector<LoopDevice> disks;
  };
  struct On {
    static constexpr std::string_view kName = "on";
    Power power;
    bool booted = false;
  };
  struct Frozen {
    static constexpr std::string_view kName = "frozen";
    Power power;
  };
  // On its way off.
  struct Ending {
    static constexpr std::string_view kName = "ending";
    Power power;
    Then then;
  };
  using State = std::variant<Off, Rebooting, On, Frozen, Ending>;

  Result<std::vector<LoopDevice>> attach_disks() const;
  Result<Fd> give_birth();
  Power* power();
  [[nodiscard]] const Power* power() const;
  void end_now(Then then, const std::string& because);
  Task<void> watch_end(int pidfd);
  void ended(int status_code, int status);
  Task<void> wait_for_release();
  // True when it is off (or waits to start again) within the limit.
  Task<bool> wait_until_ended(std::chrono::milliseconds limit);
  void become(State next, std::string_view because);
  [[nodiscard]] std::string_view state_name() const;

  asio::io_context& io_;
  const Plan& plan_;
  const size_t position_;
  const Host& host_;
  const Places& places_;
  State state_;
  Plug plug_ = Plug::in;
  Watchdog watchdog_;
  std::set<asio::steady_timer*> waiting_for_end_;
};

}  // namespace tasuki::lab
