// Waiting for a descriptor of which only the readiness is of interest: a pidfd, a pipe's end.
#pragma once

#include <poll.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "kit/task.hpp"

namespace tasuki {

// Until it is readable or has ended; the error when the wait was cancelled.
//
// Asked again by poll(2): while a child still has a descriptor that was closed here, between fork
// and exec, epoll(7) goes on telling of it, and Asio then takes that for news of whichever
// descriptor came after it.
inline Task<boost::system::error_code> wait_readable(asio::posix::stream_descriptor& descriptor) {
  for (;;) {
    boost::system::error_code problem;
    co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                   asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return problem;
    pollfd ready{descriptor.native_handle(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 0) co_return problem;
  }
}

}  // namespace tasuki
