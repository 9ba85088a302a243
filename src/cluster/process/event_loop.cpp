#include "cluster/process/event_loop.hpp"

#include <algorithm>
#include <sys/epoll.h>

#include "kit/assert.hpp"

namespace tasuki::process {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  TASUKI_ASSERT(epoll_.get() >= 0);
}

void EventLoop::watch(int fd, uint32_t events, Handler handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  TASUKI_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  handlers_[fd] = std::move(handler);
}

void EventLoop::change(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  TASUKI_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::remove(int fd) {
  TASUKI_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
  handlers_.erase(fd);
}

void EventLoop::run_once(std::optional<Moment> deadline) {
  // Rounded up, so that the deadline has come when the wait is over.
  int timeout = -1;
  if (deadline) {
    const auto left = std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
    timeout = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
  }
  // One event per call: a handler can remove any descriptor without leaving a stale event behind.
  // The kernel takes turns between descriptors that stay ready (epoll_wait(2)).
  epoll_event event{};
  if (::epoll_wait(epoll_.get(), &event, 1, timeout) != 1) return;
  const int fd = event.data.fd;
  // Moved out, because the handler may remove itself while it runs.
  Handler handler = std::move(handlers_.at(fd));
  handler(event.events);
  const auto found = handlers_.find(fd);
  if (found != handlers_.end() && !found->second) found->second = std::move(handler);
}

}  // namespace tasuki::process
