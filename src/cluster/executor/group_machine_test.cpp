// What a group's machine asks for, step by step. Effects are compared as text: "start disk", "stop
// ip", "report online".
#include "cluster/executor/group_machine.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tasuki::executor {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

Item item(const std::string& name, decltype(core::Resource::what) what, int restarts = 0) {
  core::Resource resource;
  resource.name = core::ResourceName{name};
  resource.what = std::move(what);
  resource.restarts = restarts;
  return {resource, {}};
}
Item disk() {
  return item("disk", core::Partition{"/dev/sdb1", "/data", "ext4", ""});
}
Item ip(const std::string& address = "10.0.0.100") {
  return item("ip", core::FloatingIp{address, 24, ""});
}
Item service(int restarts = 0) {
  Item use = item("db", core::ServiceUse{core::ServiceName{"postgres"}}, restarts);
  use.service = core::Service{};
  return use;
}
Item scripts() {
  return item("scripts", core::Scripts{"/etc/start", "/etc/stop", "root"});
}
GroupSpec spec(std::vector<Item> items) {
  return {core::GroupName{"office"}, {}, std::move(items)};
}
Order up(uint64_t ticket, uint64_t recover_count = 0) {
  Order order;
  order.up = true;
  order.ticket = ticket;
  order.recover_count = recover_count;
  return order;
}
Order down(uint64_t ticket) {
  Order order;
  order.ticket = ticket;
  return order;
}

struct ToWords {
  std::string operator()(const StartStep& step) const {
    return fmt::format("start {}", step.item.resource.name);
  }
  std::string operator()(const StopStep& step) const {
    return fmt::format("stop {}", step.item.resource.name);
  }
  std::string operator()(const TellStep& step) const {
    return fmt::format("tell {} {}, disk failed", step.item.resource.name, to_text(step.event));
  }
  std::string operator()(const RecoverTask& task) const {
    return fmt::format("tell {} RECOVER", task.item.resource.name);
  }
  std::string operator()(const Mending& mending) const {
    return fmt::format("mend {}, {} of {}", mending.resource, mending.attempt, mending.limit);
  }
  std::string operator()(const CloseStep&) const { return "close"; }
  std::string operator()(const ResetNode& reset) const { return "reset node: " + reset.why; }
  std::string operator()(const core::Report& said) const {
    const auto& report = said.report;
    return fmt::format("report {} {}{}", report.ticket, to_text(report.phase),
                       report.failure.empty() ? "" : ": " + report.failure);
  }
};

// A machine whose effects are words, and whose reports of single resources are left out.
class Bench {
 public:
  explicit Bench(std::vector<Item> items) : machine(spec(std::move(items))) {}

  Words order(const Order& order) { return words(machine.set_order(order)); }
  Words adopt(uint64_t ticket, const std::vector<std::string>& names) {
    std::vector<core::ResourceName> found;
    for (auto& name : names) found.emplace_back(name);
    return words(machine.adopt(ticket, found));
  }
  Words change(std::vector<Item> items) { return words(machine.set_spec(spec(std::move(items)))); }
  Words start_again(const core::ResourceName& name) { return words(machine.start_again(name)); }
  Words done() { return words(machine.done({}, now)); }
  Words failed(const std::string& why, int code = 0) {
    return words(machine.done(failure(why, code), now));
  }
  Words recovered() { return words(machine.recovered()); }
  Words fault(const std::string& name, const std::string& why) {
    return words(machine.fault(core::ResourceName{name}, why, now));
  }
  // Every step succeeds until nothing is under way; what was asked for on the way.
  Words go_on(Words so_far) {
    while (!so_far.empty() && !so_far.back().starts_with("report"))
      for (std::string& word : done()) so_far.push_back(std::move(word));
    return so_far;
  }
  void bring_up(uint64_t ticket = 1) { go_on(order(up(ticket))); }
  std::string state_of(const std::string& name) const {
    for (const auto& resource : machine.holds()->resources)
      if (resource.name.value == name) return resource.state;
    return "unknown";
  }

  GroupMachine machine;
  Time now{0};

 private:
  static Words words(const std::vector<Effect>& effects) {
    Words text;
    for (const Effect& effect : effects) text.push_back(std::visit(ToWords{}, effect));
    return text;
  }
};

// --- programs that rest, and scripts that run again

TEST(GroupMachine, its_programs_rest_while_the_others_stay) {
  Bench bench({disk(), ip(), service(), scripts()});
  bench.bring_up();
  EXPECT_TRUE(bench.machine.settled());
  const GroupSpec whole = bench.machine.spec();
  const GroupSpec resting = without_programs(whole);
  EXPECT_EQ(resting.items.size(), 2U);
  EXPECT_THAT(bench.change(resting.items), ElementsAre("stop scripts"));
  EXPECT_FALSE(bench.machine.settled());
  EXPECT_THAT(bench.done(), testing::Contains("stop db"));
  bench.done();
  EXPECT_TRUE(bench.machine.settled());
  EXPECT_EQ(bench.machine.phase(), core::Phase::online);
  EXPECT_THAT(bench.change(whole.items), ElementsAre("start db"));
  EXPECT_FALSE(bench.machine.settled());
}

TEST(GroupMachine, what_is_started_again_on_demand_counts_against_nothing) {
  Bench bench({ip(), scripts()});
  const core::ResourceName name{"scripts"};
  EXPECT_FALSE(bench.machine.can_start_again(name)) << "it is not up";
  bench.bring_up();
  ASSERT_TRUE(bench.machine.can_start_again(name));
  EXPECT_THAT(bench.start_again(name), ElementsAre("stop scripts"));
  EXPECT_FALSE(bench.machine.can_start_again(name)) << "it is on its way down";
  EXPECT_THAT(bench.done(), testing::Contains("start scripts"));
  bench.done();
  EXPECT_TRUE(bench.machine.settled());
  EXPECT_EQ(bench.machine.phase(), core::Phase::online);
}

// --- up and down

TEST(GroupMachine, starts_in_order_one_step_at_a_time) {
  Bench bench({disk(), ip(), scripts()});
  EXPECT_THAT(bench.order(up(1)), ElementsAre("report 1 starting", "start disk"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 starting", "start ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 starting", "start scripts"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
}

TEST(GroupMachine, stops_in_reverse_and_is_offline_only_when_closed) {
  Bench bench({disk(), ip()});
  bench.bring_up();
  EXPECT_THAT(bench.order(down(1)), ElementsAre("report 1 stopping", "stop ip"));
  EXPECT_THAT(bench.done(), ElementsAre("stop disk"));
  EXPECT_THAT(bench.done(), ElementsAre("close"));
  EXPECT_TRUE(bench.machine.holds());
  EXPECT_THAT(bench.done(), ElementsAre("report 1 offline"));
  EXPECT_FALSE(bench.machine.holds());
}

TEST(GroupMachine, told_to_stop_while_it_starts_it_finishes_the_step_and_turns_round) {
  Bench bench({disk(), ip()});
  bench.order(up(1));
  EXPECT_THAT(bench.order(down(1)), IsEmpty());
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("report 1 stopping", "stop disk", "close", "report 1 offline"));
}

TEST(GroupMachine, told_to_stay_while_it_stops_it_brings_up_what_went_down) {
  Bench bench({disk(), ip()});
  bench.bring_up();
  bench.order(down(1));
  EXPECT_THAT(bench.order(up(1)), IsEmpty());
  EXPECT_THAT(bench.done(), ElementsAre("report 1 starting", "start ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
}

TEST(GroupMachine, a_group_of_nothing_comes_up_and_goes_down) {
  Bench bench({});
  EXPECT_THAT(bench.order(up(1)), ElementsAre("report 1 online"));
  EXPECT_THAT(bench.order(down(1)), ElementsAre("report 1 stopping", "close"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 offline"));
}

// --- failures

TEST(GroupMachine, a_start_that_fails_unwinds_and_tells_why) {
  Bench bench({disk(), service()});
  bench.order(up(1));
  bench.done();
  EXPECT_THAT(bench.failed("no such user"),
              ElementsAre("report 1 stopping: db: no such user", "stop disk"));
  EXPECT_THAT(bench.done(), ElementsAre("close"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 offline: db: no such user"));
}

TEST(GroupMachine, a_failure_is_mended_in_place_as_often_as_allowed_then_the_group_goes) {
  Bench bench({ip(), service(2)});
  bench.bring_up();
  for (const char* mended : {"mend db, 1 of 2", "mend db, 2 of 2"}) {
    EXPECT_THAT(bench.fault("db", "it died"), ElementsAre(mended, "stop db"));
    EXPECT_THAT(bench.done(), ElementsAre("report 1 online", "start db"));
    EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
  }
  EXPECT_THAT(bench.fault("db", "it died again"),
              ElementsAre("report 1 stopping: db: it died again", "stop db"));
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("stop ip", "close", "report 1 offline: db: it died again"));
}

TEST(GroupMachine, a_restart_counts_only_within_its_window) {
  Bench bench({service(1)});
  bench.bring_up();
  bench.fault("db", "it died");
  bench.done();
  bench.done();
  bench.now += 10min;  // the default window
  EXPECT_THAT(bench.fault("db", "it died"), ElementsAre("mend db, 1 of 1", "stop db"));
  EXPECT_EQ(bench.machine.phase(), core::Phase::online);
}

TEST(GroupMachine, a_start_that_fails_uses_up_a_restart_too) {
  Bench bench({service(1)});
  bench.order(up(1));
  EXPECT_THAT(bench.failed("not yet"),
              ElementsAre("mend db, 1 of 1", "report 1 starting", "start db"));
  EXPECT_THAT(bench.failed("not yet"), ElementsAre("report 1 stopping: db: not yet", "close"));
}

TEST(GroupMachine, a_fault_while_others_start_is_mended_first) {
  Bench bench({service(1), ip()});
  bench.order(up(1));
  bench.done();
  EXPECT_THAT(bench.fault("db", "it died"), ElementsAre("mend db, 1 of 1")) << "one step at a time";
  EXPECT_THAT(bench.done(), ElementsAre("stop db"));
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("report 1 starting", "start db", "report 1 online"));
}

TEST(GroupMachine, a_fault_told_before_the_end_of_its_own_start_is_not_forgotten) {
  Bench bench({service()});
  bench.order(up(1));
  EXPECT_THAT(bench.fault("db", "it died at once"), IsEmpty());
  EXPECT_THAT(bench.done(), ElementsAre("report 1 stopping: db: it died at once", "stop db"));
}

TEST(GroupMachine, a_fault_of_what_is_going_down_changes_nothing) {
  Bench bench({ip(), service()});
  bench.bring_up();
  bench.order(down(1));
  EXPECT_THAT(bench.fault("db", "it died"), IsEmpty());
  EXPECT_THAT(bench.fault("ip", "it is gone"), IsEmpty());
  EXPECT_THAT(bench.go_on(bench.done()), ElementsAre("stop ip", "close", "report 1 offline"));
}

TEST(GroupMachine, what_cannot_be_stopped_leaves_it_stuck_and_resets_the_node) {
  Bench bench({disk(), ip()});
  bench.bring_up();
  bench.order(down(1));
  bench.done();
  EXPECT_THAT(bench.failed("device busy"),
              ElementsAre("report 1 stuck: disk cannot be stopped: device busy",
                          "reset node: disk cannot be stopped: device busy"));
  EXPECT_THAT(bench.order(up(2)), IsEmpty());
  EXPECT_TRUE(bench.machine.holds());
}

TEST(GroupMachine, a_start_that_cannot_undo_itself_is_as_bad) {
  Bench bench({disk()});
  bench.order(up(1));
  EXPECT_THAT(bench.failed("mounted elsewhere", ENOTRECOVERABLE),
              ElementsAre("report 1 stuck: disk: mounted elsewhere",
                          "reset node: disk: mounted elsewhere"));
}

TEST(GroupMachine, a_group_that_cannot_be_closed_is_not_offline_either) {
  Bench bench({});
  bench.bring_up();
  bench.order(down(1));
  EXPECT_THAT(bench.failed("processes remain"),
              ElementsAre("report 1 stuck: processes remain", "reset node: processes remain"));
}

// Chapter 1.4 of the guide: if a partition cannot be connected only the scripts run, once.
TEST(GroupMachine, a_partition_that_fails_runs_only_the_scripts_once_and_counts_as_failed_start) {
  Bench bench({disk(), ip(), scripts()});
  bench.order(up(1));
  EXPECT_THAT(bench.failed("no such device"), ElementsAre("tell scripts START, disk failed"));
  EXPECT_THAT(bench.go_on(bench.failed("the script failed too")),
              ElementsAre("report 1 stopping: disk: no such device", "close",
                          "report 1 offline: disk: no such device"));
}

TEST(GroupMachine, the_next_holding_starts_with_a_clean_slate) {
  Bench bench({disk(), scripts()});
  bench.order(up(1));
  bench.go_on(bench.failed("no such device"));
  EXPECT_THAT(bench.go_on(bench.order(up(2))),
              ElementsAre("report 2 starting", "start disk", "report 2 starting", "start scripts",
                          "report 2 online"));
}

// --- tickets

TEST(GroupMachine, an_order_of_a_closed_ticket_starts_nothing) {
  Bench bench({ip()});
  bench.bring_up(5);
  bench.go_on(bench.order(down(5)));
  EXPECT_THAT(bench.order(up(5)), IsEmpty());
  EXPECT_FALSE(bench.machine.holds());
  EXPECT_THAT(bench.order(up(6)), ElementsAre("report 6 starting", "start ip"));
}

TEST(GroupMachine, a_new_ticket_for_what_is_up_is_reported_under_that_ticket) {
  Bench bench({ip()});
  bench.bring_up(1);
  EXPECT_THAT(bench.order(up(2)), ElementsAre("report 2 online"));
}

TEST(GroupMachine, a_new_ticket_while_it_closes_opens_it_again_under_that_ticket) {
  Bench bench({ip()});
  bench.bring_up(1);
  bench.order(down(1));
  EXPECT_THAT(bench.done(), ElementsAre("close"));
  EXPECT_THAT(bench.order(up(2)), ElementsAre("report 2 stopping"));
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("report 2 starting", "start ip", "report 2 online"));
}

// --- after a restart of tasukid

TEST(GroupMachine, what_was_found_up_is_left_alone) {
  Bench bench({disk(), ip()});
  EXPECT_THAT(bench.adopt(7, {"disk", "ip"}), IsEmpty());
  EXPECT_EQ(bench.machine.holds()->phase, core::Phase::online);
  EXPECT_EQ(bench.machine.holds()->ticket, 7U);
  EXPECT_THAT(bench.order(up(7, 3)), IsEmpty()) << "not even a RECOVER, which was run before";
}

TEST(GroupMachine, what_was_found_half_up_is_completed) {
  Bench bench({disk(), ip()});
  bench.adopt(7, {"disk"});
  EXPECT_EQ(bench.machine.holds()->phase, core::Phase::starting);
  EXPECT_THAT(bench.order(up(7)), ElementsAre("stop ip")) << "it may be up in part";
  EXPECT_THAT(bench.done(), ElementsAre("report 7 starting", "start ip"));
}

TEST(GroupMachine, what_was_found_up_and_is_not_wanted_goes_down) {
  Bench bench({disk(), ip()});
  bench.adopt(7, {"disk", "ip"});
  EXPECT_THAT(
      bench.go_on(bench.order(down(7))),
      ElementsAre("report 7 stopping", "stop ip", "stop disk", "close", "report 7 offline"));
}

// --- RECOVER

TEST(GroupMachine, recover_runs_the_scripts_once_for_each_lost_node_that_came_back) {
  Bench bench({ip(), scripts()});
  bench.bring_up();
  EXPECT_THAT(bench.order(up(1, 1)), ElementsAre("tell scripts RECOVER"));
  EXPECT_THAT(bench.order(up(1, 1)), IsEmpty());
  EXPECT_THAT(bench.order(up(1, 2)), IsEmpty()) << "one after the other";
  EXPECT_THAT(bench.recovered(), ElementsAre("tell scripts RECOVER"));
  EXPECT_THAT(bench.recovered(), IsEmpty());
}

TEST(GroupMachine, recover_holds_nothing_up) {
  Bench bench({ip(), service(1), scripts()});
  bench.bring_up();
  EXPECT_THAT(bench.order(up(1, 1)), ElementsAre("tell scripts RECOVER"));
  EXPECT_THAT(bench.fault("db", "it died"), ElementsAre("mend db, 1 of 1", "stop db"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online", "start db"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
  EXPECT_THAT(bench.order(down(1)), ElementsAre("report 1 stopping", "stop scripts"));
  EXPECT_THAT(bench.recovered(), IsEmpty()) << "the stop broke it off";
}

TEST(GroupMachine, a_start_is_no_recover) {
  Bench bench({scripts()});
  EXPECT_THAT(bench.go_on(bench.order(up(1, 4))),
              ElementsAre("report 1 starting", "start scripts", "report 1 online"));
}

TEST(GroupMachine, a_cluster_that_counts_anew_is_no_recover) {
  Bench bench({scripts()});
  bench.go_on(bench.order(up(1, 4)));
  EXPECT_THAT(bench.order(up(1, 0)), IsEmpty());
  EXPECT_THAT(bench.order(up(1, 1)), ElementsAre("tell scripts RECOVER"));
}

// --- a new configuration

TEST(GroupMachine, a_new_configuration_touches_only_what_changed) {
  Bench bench({disk(), ip("10.0.0.100"), service()});
  bench.bring_up();
  EXPECT_THAT(bench.change({disk(), ip("10.0.0.101"), service()}), ElementsAre("stop ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online", "start ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
  EXPECT_THAT(bench.change({disk(), ip("10.0.0.101"), service()}), IsEmpty());
}

TEST(GroupMachine, what_is_taken_out_stops_and_what_is_put_in_starts) {
  Bench bench({disk(), ip()});
  bench.bring_up();
  EXPECT_THAT(bench.change({disk(), scripts()}), ElementsAre("stop ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online", "start scripts"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
}

TEST(GroupMachine, what_changes_while_it_starts_is_stopped_before_the_new_one_starts) {
  Bench bench({ip("10.0.0.100")});
  bench.order(up(1));
  EXPECT_THAT(bench.change({ip("10.0.0.101")}), IsEmpty());
  EXPECT_THAT(bench.done(), ElementsAre("stop ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 starting", "start ip"));
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
}

TEST(GroupMachine, the_start_of_what_was_taken_out_meanwhile_may_fail) {
  Bench bench({disk(), service()});
  bench.order(up(1));
  bench.done();
  EXPECT_THAT(bench.change({disk()}), IsEmpty());
  EXPECT_THAT(bench.fault("db", "it died"), IsEmpty());
  EXPECT_THAT(bench.failed("no such user"), ElementsAre("report 1 online"));
}

TEST(GroupMachine, what_changes_while_it_stops_is_stopped_once) {
  Bench bench({ip("10.0.0.100"), service(1)});
  bench.bring_up();
  bench.fault("db", "it died");
  EXPECT_THAT(bench.change({ip("10.0.0.100")}), IsEmpty());
  EXPECT_THAT(bench.done(), ElementsAre("report 1 online"));
}

TEST(GroupMachine, a_new_environment_restarts_the_programs_only) {
  Bench bench({disk(), ip(), scripts()});
  bench.bring_up();
  GroupSpec changed = spec({disk(), ip(), scripts()});
  changed.environment["LANG"] = "C";
  ASSERT_EQ(bench.machine.set_spec(changed).size(), 1U);
  EXPECT_EQ(bench.state_of("scripts"), "stopping");
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("report 1 online", "start scripts", "report 1 online"));
}

TEST(GroupMachine, what_lies_on_a_partition_that_changes_leaves_it_and_comes_back) {
  Bench bench({disk(), ip(), service()});
  bench.bring_up();
  Item other = disk();
  std::get<core::Partition>(other.resource.what).options = "noatime";
  EXPECT_THAT(bench.go_on(bench.change({other, ip(), service()})),
              ElementsAre("stop db", "report 1 online", "stop disk", "report 1 online",
                          "start disk", "report 1 online", "start db", "report 1 online"));
}

TEST(GroupMachine, what_lies_on_a_partition_that_fails_leaves_it_and_comes_back) {
  Item mendable = disk();
  mendable.resource.restarts = 1;
  Bench bench({mendable, ip(), service()});
  bench.bring_up();
  EXPECT_THAT(
      bench.go_on(bench.fault("disk", "read error")),
      ElementsAre("mend disk, 1 of 1", "stop db", "report 1 online", "stop disk", "report 1 online",
                  "start disk", "report 1 online", "start db", "report 1 online"));
}

TEST(GroupMachine, what_only_says_how_long_or_how_often_restarts_nothing_and_is_used_at_once) {
  Bench bench({service(0)});
  bench.bring_up();
  Item patient = service(1);
  patient.resource.start_limit = patient.service->stop_limit = 1min;
  patient.service->display_name = "Database";
  EXPECT_THAT(bench.change({patient}), IsEmpty());
  EXPECT_THAT(bench.fault("db", "it died"), ElementsAre("mend db, 1 of 1", "stop db"));
  EXPECT_EQ(bench.machine.phase(), core::Phase::online) << "it may be restarted once now";
}

TEST(GroupMachine, what_was_taken_out_stops_with_the_group) {
  Bench bench({disk(), ip(), service()});
  bench.bring_up();
  bench.change({disk()});
  EXPECT_THAT(bench.order(down(1)), IsEmpty());
  EXPECT_THAT(bench.go_on(bench.done()),
              ElementsAre("report 1 online", "report 1 stopping", "stop ip", "stop disk", "close",
                          "report 1 offline"));
}

// --- what a hello and the status say

TEST(GroupMachine, reports_what_each_resource_does) {
  Bench bench({disk(), service(1)});
  bench.order(up(1));
  EXPECT_EQ(bench.state_of("disk"), "starting");
  EXPECT_EQ(bench.state_of("db"), "down");
  bench.done();
  bench.done();
  EXPECT_EQ(bench.state_of("db"), "up");
  bench.fault("db", "it died");
  EXPECT_EQ(bench.state_of("db"), "stopping");
}

}  // namespace
}  // namespace tasuki::executor
