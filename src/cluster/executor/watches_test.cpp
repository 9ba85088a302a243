// What becomes of watches, step by step. Effects are compared as text: "start 1", "stop 1", "fail".
#include "cluster/executor/watches.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tasuki::executor {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

struct ToWord {
  std::string operator()(const StartWatched& start) const {
    return fmt::format("start {}", start.serial);
  }
  std::string operator()(const StopWatched& stop) const {
    return fmt::format("stop {}", stop.serial);
  }
  std::string operator()(const FailGroup& fail) const { return "fail: " + fail.why; }
  std::string operator()(const RunScriptsAgain&) const { return "scripts again"; }
  std::string operator()(const Tell&) const { return ""; }
};

Words words(const WatchEffects& effects) {
  Words all;
  for (const WatchEffect& effect : effects)
    if (auto word = std::visit(ToWord{}, effect); !word.empty()) all.push_back(std::move(word));
  return all;
}
Words words(const Result<WatchEffects>& effects) {
  return effects ? words(*effects) : Words{"refused: " + effects.error().what};
}

WatchOrder service(const std::string& id, OnEnd on_end = OnEnd::nothing, int restarts = 0) {
  WatchOrder order;
  order.id = id;
  order.what = core::ServiceName{"office"};
  order.shown = "Office";
  order.on_end = on_end;
  order.restarts = restarts;
  return order;
}
WatchOrder program(const std::string& id) {
  WatchOrder order;
  order.id = id;
  order.what = Program{{"/bin/job"}, "root", "/", {}};
  order.shown = "/bin/job";
  return order;
}

// Watches whose times and results are given in few words.
struct Bench {
  Watches watches;
  Time now{1h};

  Words load(const WatchOrder& order) { return words(watches.load(order)); }
  Words up(uint64_t serial) { return words(watches.started(serial, {}, now)); }
  Words not_up(uint64_t serial) { return words(watches.started(serial, failure("no port"), now)); }
  Words down(uint64_t serial) { return words(watches.stopped(serial, {}, now)); }
  Words dies(uint64_t serial, std::optional<int> code = {}) {
    return words(watches.ended(serial, "was killed", code, now));
  }
  void run(const WatchOrder& order) {
    load(order);
    up(watches.all().back().serial);
  }
};

// --- /M

TEST(Watches, what_is_watched_and_dies_fails_the_group) {
  Bench bench;
  EXPECT_THAT(bench.load(service("A", OnEnd::fail_over)), ElementsAre("start 1"));
  EXPECT_THAT(bench.up(1), IsEmpty());
  EXPECT_THAT(bench.dies(1), ElementsAre("fail: Office was killed"));
}

TEST(Watches, a_watched_service_that_cannot_start_fails_the_group) {
  Bench bench;
  bench.load(service("A", OnEnd::fail_over));
  EXPECT_THAT(bench.not_up(1), ElementsAre("fail: Office cannot be started: no port"));
}

TEST(Watches, armkill_ends_without_a_fault) {
  Bench bench;
  bench.run(service("A", OnEnd::fail_over));
  EXPECT_THAT(words(bench.watches.kill("a")), ElementsAre("stop 1"));
  EXPECT_THAT(bench.down(1), IsEmpty());
  EXPECT_TRUE(bench.watches.empty());
  EXPECT_THAT(words(bench.watches.kill("a")), ElementsAre("refused: nothing is watched as a"));
}

TEST(Watches, net_stop_is_no_armkill) {
  Bench bench;
  bench.run(service("A", OnEnd::fail_over));
  EXPECT_THAT(words(bench.watches.stop_service(core::ServiceName{"office"})),
              ElementsAre("stop 1"));
  EXPECT_THAT(bench.down(1), ElementsAre("fail: Office was stopped outside ARMKILL"));
}

TEST(Watches, an_armkill_while_it_starts_waits_for_the_start) {
  Bench bench;
  bench.load(service("A", OnEnd::fail_over));
  EXPECT_THAT(words(bench.watches.kill("A")), IsEmpty());
  EXPECT_THAT(bench.up(1), ElementsAre("stop 1"));
  EXPECT_THAT(bench.down(1), IsEmpty());
  EXPECT_TRUE(bench.watches.empty());
}

// --- /R /H /SCR /WAIT /INT

TEST(Watches, restarts_as_often_as_allowed_and_then_fails_over) {
  Bench bench;
  bench.run(service("A", OnEnd::restart, 2));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(bench.dies(1), ElementsAre("start 1"));
    EXPECT_THAT(bench.up(1), IsEmpty());
  }
  EXPECT_THAT(bench.dies(1),
              ElementsAre("fail: Office was killed; it was started again 2 times before"));
}

TEST(Watches, restarts_count_for_ever_without_a_time_and_not_beyond_one) {
  for (const bool with_time : {false, true}) {
    Bench bench;
    WatchOrder order = service("A", OnEnd::restart, 1);
    if (with_time) order.reset_after = 2h;
    bench.run(order);
    bench.dies(1);
    bench.up(1);
    bench.now += 2h;
    const Words after = bench.dies(1);
    EXPECT_EQ(after.front().starts_with("start"), with_time) << after.front();
  }
}

TEST(Watches, waits_before_a_restart_and_between_those_that_fail) {
  Bench bench;
  WatchOrder order = service("A", OnEnd::restart, 2);
  order.wait = 5s;
  order.interval = 9s;
  bench.run(order);
  EXPECT_THAT(bench.dies(1), IsEmpty());
  EXPECT_EQ(bench.watches.next_deadline(), bench.now + 5s);
  EXPECT_THAT(words(bench.watches.time_passed(bench.now)), IsEmpty());
  bench.now += 5s;
  EXPECT_THAT(words(bench.watches.time_passed(bench.now)), ElementsAre("start 1"));
  EXPECT_THAT(bench.not_up(1), IsEmpty());
  EXPECT_EQ(bench.watches.next_deadline(), bench.now + 9s);
}

TEST(Watches, restarts_through_the_scripts_are_counted_beyond_the_watch) {
  Bench bench;
  WatchOrder order = service("A", OnEnd::restart, 1);
  order.through_scripts = true;
  bench.run(order);
  EXPECT_THAT(bench.dies(1), ElementsAre("scripts again"));
  bench.watches.scripts_stop();
  EXPECT_THAT(words(bench.watches.kill("A")), IsEmpty()) << "it is down already";
  bench.watches.scripts_start();
  EXPECT_THAT(bench.load(order), ElementsAre("start 2"));
  bench.up(2);
  EXPECT_THAT(bench.dies(2),
              ElementsAre("fail: Office was killed; it was started again 1 times before"));
}

// --- pauses

TEST(Watches, what_is_paused_stops_and_starts_freely) {
  Bench bench;
  bench.run(service("A", OnEnd::fail_over));
  EXPECT_THAT(words(bench.watches.pause("A", {}, bench.now)), IsEmpty());
  EXPECT_THAT(words(bench.watches.stop_service(core::ServiceName{"office"})),
              ElementsAre("stop 1"));
  EXPECT_THAT(bench.down(1), IsEmpty());
  EXPECT_THAT(bench.load(service("")), ElementsAre("start 1"));
  bench.up(1);
  EXPECT_THAT(bench.dies(1), IsEmpty());
  EXPECT_THAT(bench.load(service("")), ElementsAre("start 1"));
  bench.up(1);
  EXPECT_THAT(words(bench.watches.resume("A", bench.now)), IsEmpty());
  EXPECT_THAT(bench.dies(1), ElementsAre("fail: Office was killed"));
}

TEST(Watches, a_watching_that_goes_on_finds_what_does_not_run) {
  Bench bench;
  bench.run(service("A", OnEnd::fail_over));
  ASSERT_TRUE(bench.watches.pause("A", {}, bench.now));
  bench.dies(1);
  EXPECT_THAT(words(bench.watches.resume("A", bench.now)),
              ElementsAre("fail: Office does not run when its watching goes on"));
}

TEST(Watches, a_pause_with_a_limit_ends_by_itself) {
  Bench bench;
  bench.run(service("A", OnEnd::restart, 1));
  ASSERT_TRUE(bench.watches.pause("A", 10min, bench.now));
  bench.dies(1);
  EXPECT_EQ(bench.watches.next_deadline(), bench.now + 10min);
  bench.now += 10min;
  EXPECT_THAT(words(bench.watches.time_passed(bench.now)), ElementsAre("start 1"));
}

// --- net start, ids

TEST(Watches, what_runs_cannot_be_started_twice) {
  Bench bench;
  bench.run(service(""));
  EXPECT_EQ(bench.watches.load(service("")).error().code, EALREADY);
  EXPECT_EQ(bench.watches.load(service("A")).error().code, EALREADY);
  WatchOrder taken = service("A", OnEnd::fail_over);
  taken.take_running = true;
  EXPECT_THAT(bench.load(taken), IsEmpty());
  EXPECT_THAT(bench.dies(1), ElementsAre("fail: Office was killed"));
}

TEST(Watches, an_id_is_used_once_whatever_its_case) {
  Bench bench;
  bench.run(service("StarOffice", OnEnd::fail_over));
  EXPECT_EQ(bench.watches.load(program("STAROFFICE")).error().code, EEXIST);
  EXPECT_EQ(bench.watches.load(service("Other")).error().code, EEXIST) << "it has a watch";
}

TEST(Watches, a_program_leaves_its_exit_code_until_its_id_is_used_again) {
  Bench bench;
  bench.run(program("job"));
  EXPECT_THAT(bench.dies(1, 3), IsEmpty());
  EXPECT_EQ(bench.watches.find_id("JOB")->exit_code, 3);
  EXPECT_THAT(bench.load(program("job")), ElementsAre("start 2"));
}

TEST(Watches, what_net_start_began_is_forgotten_when_it_ends) {
  Bench bench;
  bench.run(service(""));
  EXPECT_THAT(bench.dies(1), IsEmpty());
  EXPECT_TRUE(bench.watches.empty());
  EXPECT_EQ(bench.watches.stop_service(core::ServiceName{"office"}).error().code, EALREADY);
}

// --- the end of the scripts

TEST(Watches, all_end_one_after_the_other_from_the_last) {
  Bench bench;
  bench.run(service("A", OnEnd::fail_over));
  bench.run(program("job"));
  bench.load(program("late"));
  bench.watches.scripts_stop();
  EXPECT_THAT(words(bench.watches.stop_all()), IsEmpty()) << "the last one still starts";
  EXPECT_EQ(bench.watches.load(program("x")).error().code, EBUSY);
  EXPECT_THAT(bench.up(3), ElementsAre("stop 3"));
  EXPECT_THAT(bench.dies(1), IsEmpty()) << "no fault any more";
  EXPECT_THAT(bench.down(3), ElementsAre("stop 2"));
  EXPECT_THAT(words(bench.watches.stopped(2, failure("the keeper is busy"), bench.now)), IsEmpty());
  EXPECT_TRUE(bench.watches.empty());
}

TEST(Watches, nothing_is_left_of_a_group_that_was_killed_whatever_was_under_way) {
  Bench bench;
  bench.load(service("A", OnEnd::fail_over));
  bench.watches.clear();
  EXPECT_TRUE(bench.watches.empty());
  EXPECT_THAT(bench.load(service("A", OnEnd::fail_over)), ElementsAre("start 2"))
      << "the first start may still end";
}

// --- a restart of tasukid

TEST(Watches, what_still_runs_is_watched_again_and_what_does_not_has_ended) {
  Bench before;
  before.run(service("A", OnEnd::fail_over));
  before.run(program("job"));
  Watches after;
  EXPECT_THAT(words(after.adopt(before.watches.all(), {}, {1, 2}, before.now)), IsEmpty());
  EXPECT_EQ(after.all(), before.watches.all());
  Watches later;
  EXPECT_THAT(words(later.adopt(before.watches.all(), {}, {2}, before.now)),
              ElementsAre("fail: Office ended while tasukid was away"));
}

TEST(Watches, a_pause_outlives_tasukid) {
  Bench before;
  before.run(service("A", OnEnd::fail_over));
  ASSERT_TRUE(before.watches.pause("A", {}, before.now));
  Watches after;
  EXPECT_THAT(words(after.adopt(before.watches.all(), {}, {}, before.now)), IsEmpty());
  EXPECT_TRUE(after.find_id("A")->pause);
}

}  // namespace
}  // namespace tasuki::executor
