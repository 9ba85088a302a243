#include "kit/task.hpp"

#include <future>

#include <gtest/gtest.h>

namespace tasuki {
namespace {

using namespace std::chrono_literals;

struct BlockingCall : testing::Test {
  asio::io_context context;
  asio::thread_pool workers{1};

  template <class T>
  T finish(Task<T> task) {
    T value{};
    asio::co_spawn(context, std::move(task),
                   [&value](const std::exception_ptr&, T result) { value = std::move(result); });
    context.run();
    return value;
  }
};

TEST_F(BlockingCall, gives_what_the_function_gives) {
  EXPECT_EQ(finish(on_worker_within(workers, 10s, [] { return 7; })), 7);
}

TEST_F(BlockingCall, that_hangs_is_given_up_at_the_limit) {
  std::promise<void> unblock;
  const auto blocked = unblock.get_future().share();
  const auto value = finish(on_worker_within(workers, 20ms, [blocked] {
    blocked.wait();
    return 7;
  }));
  EXPECT_EQ(value, std::nullopt);
  unblock.set_value();
  workers.join();
}

}  // namespace
}  // namespace tasuki
