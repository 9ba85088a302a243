#include "cluster/resource/partition/program.hpp"

#include <future>

#include <gmock/gmock.h>

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Program, gives_its_exit_code) {
  EXPECT_EQ(run_program({"/bin/sh", "-c", "echo one; echo two >&2; exit 3"}, after(10s)), 3);
}

TEST(Program, that_does_not_end_in_time_is_stopped) {
  const auto begin = std::chrono::steady_clock::now();
  const auto end = run_program({"/bin/sleep", "100"}, after(50ms));
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().what, HasSubstr("/bin/sleep did not end in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(Program, that_is_killed_is_a_failure) {
  const auto end = run_program({"/bin/sh", "-c", "kill -9 $$"}, after(10s));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().what, "/bin/sh was ended by signal 9");
}

TEST(Program, that_cannot_be_executed_ends_as_in_a_shell) {
  EXPECT_EQ(run_program({"/no/such"}, after(10s)), 127);
}

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
}  // namespace tasuki::resource
