#include "cluster/lab/watchdog.hpp"

namespace tasuki::lab {

using std::chrono::milliseconds;

void Watchdog::pet(milliseconds timeout) {
  armed_ = true;
  if (left_when_paused_)
    left_when_paused_ = timeout;  // sent just before the pause
  else
    run_for(timeout);
}

void Watchdog::disarm() {
  armed_ = false;
  timer_.cancel();
}

void Watchdog::pause() {
  left_when_paused_ = left().value_or(milliseconds(0));
  timer_.cancel();
}

void Watchdog::resume() {
  const auto remaining = left_when_paused_;
  left_when_paused_.reset();
  if (armed_ && remaining) run_for(*remaining);
}

void Watchdog::power_cycle() {
  disarm();
  left_when_paused_.reset();
}

std::optional<milliseconds> Watchdog::left() const {
  if (!armed_) return std::nullopt;
  if (left_when_paused_) return left_when_paused_;
  return std::chrono::ceil<milliseconds>(timer_.expiry() - std::chrono::steady_clock::now());
}

void Watchdog::run_for(milliseconds timeout) {
  // Setting the expiry cancels the wait before; one that had run out in the same instant is told
  // apart by the new expiry.
  timer_.expires_after(timeout);
  timer_.async_wait([this](boost::system::error_code problem) {
    if (problem || !armed_ || left_when_paused_) return;
    if (timer_.expiry() > std::chrono::steady_clock::now()) return;
    armed_ = false;
    expired_();
  });
}

}  // namespace tasuki::lab
