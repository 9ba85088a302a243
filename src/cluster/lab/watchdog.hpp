// The timer of a simulated watchdog. It runs in the lab's supervisor, outside of what a node can
// stop; only a paused virtual machine takes its watchdog with it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "kit/task.hpp"

namespace tasuki::lab {

class Watchdog {
 public:
  // `expired` is called once each time it runs out.
  Watchdog(asio::io_context& io, std::function<void()> expired)
      : timer_(io), expired_(std::move(expired)) {}

  void pet(std::chrono::milliseconds timeout);
  void disarm();
  // Stops the time, as for a paused virtual machine, and lets it go on.
  void pause();
  void resume();
  // As a machine finds it that was just switched on: neither armed nor paused.
  void power_cycle();

  [[nodiscard]] bool is_paused() const { return left_when_paused_.has_value(); }
  // What is left before it runs out; none when it is not armed.
  [[nodiscard]] std::optional<std::chrono::milliseconds> left() const;

 private:
  void run_for(std::chrono::milliseconds timeout);

  asio::steady_timer timer_;
  std::function<void()> expired_;
  bool armed_ = false;
  std::optional<std::chrono::milliseconds> left_when_paused_;  // set while paused
};

}  // namespace tasuki::lab
