// What becomes of a group, as a table. Every row begins with three nodes and nothing known.
#include "cluster/core/plan.hpp"

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string verdict(const World& world) {
  struct Words {
    const Config& config;
    std::string operator()(const Keep&) const { return "keep"; }
    std::string operator()(const Rest&) const { return "rest"; }
    std::string operator()(const Stop&) const { return "stop"; }
    std::string operator()(const GiveUp&) const { return "give up"; }
    std::string operator()(const Start& start) const {
      return fmt::format("{} on {}", to_text(start.event), config.node_name(start.node));
    }
    std::string operator()(const Wait& wait) const {
      std::string text = "wait";
      for (const NodeId node : wait.letting_go) text += " for " + config.node_name(node);
      return text;
    }
  };
  const Plan decided = plan(world.state, world.view, true);
  return std::visit(Words{world.state.config()}, decided.decisions.front().verdict);
}

std::string reason(const World& world) {
  return plan(world.state, world.view, true).decisions.front().text();
}

struct Row {
  const char* what;
  std::function<void(World&)> how;
  const char* verdict;
  const char* reason;  // a part of it
};

const Row kRows[] = {
    // A free group starts on the first node of its policy that can run it.
    {"nothing known", [](World&) {}, "START on sv1", "started on sv1"},
    {"home is lost, it let go", [](World& w) { w.is_lost(kSv1); }, "START on sv2", ""},
    {"home is set aside", [](World& w) { w.set_aside(kSv1); }, "START on sv2", ""},
    {"home is leaving", [](World& w) { w.state.nodes[kSv1].leaving = true; }, "START on sv2", ""},
    {"it failed at home", [](World& w) { w.failed_on(kSv1); }, "FAILOVER on sv2",
     "taken over from sv1 by sv2"},
    {"home joins last: it is waited for", [](World& w) { w.is_only_just_back(kSv1); }, "wait",
     "sv1 is only just back, and comes before sv2"},
    {"home joins last, and a disk hangs",
     [](World& w) {
       w.is_only_just_back(kSv1);
       w.state.nodes[kSv1].back_too_long = true;
     },
     "START on sv2", ""},
    {"home joins last and is set aside",
     [](World& w) {
       w.is_only_just_back(kSv1);
       w.set_aside(kSv1);
     },
     "START on sv2", ""},
    {"a takeover does not wait for home",
     [](World& w) {
       w.is_only_just_back(kSv1);
       w.failed_on(kSv2);
     },
     "FAILOVER on sv3", ""},
    {"its server was away and may go on with it in a moment",
     [](World& w) {
       w.is_only_just_back(kSv1);
       w.group().event = Event::failover;
       w.group().previous = kSv1;
     },
     "wait", "sv1 is only just back"},
    {"another joins last", [](World& w) { w.is_only_just_back(kSv2); }, "START on sv1", ""},
    {"it was moved before", [](World& w) { w.moved_to(kSv3); }, "START on sv3", ""},
    {"moved to a node that is lost",
     [](World& w) {
       w.moved_to(kSv3);
       w.is_lost(kSv3);
     },
     "START on sv1", ""},
    {"an administrator stopped it", [](World& w) { w.stopped(); }, "rest", "administrator"},
    {"it does not start by itself", [](World& w) { w.configured().autostart = false; }, "rest",
     "tasuki group start office"},
    {"it failed everywhere",
     [](World& w) {
       for (const NodeId node : {kSv1, kSv2, kSv3}) w.failed_on(node);
     },
     "give up", "sv2: no such device"},
    {"it was given up", [](World& w) { w.group().failed = true; }, "rest", ""},
    {"none of its nodes can run it, and not because it failed",
     [](World& w) {
       for (const NodeId node : {kSv1, kSv2, kSv3}) w.set_aside(node);
     },
     "wait", "sv3 is set aside"},
    {"two nodes had reported it up", [](World& w) { w.group().conflict = Conflict{kSv1, kSv2}; },
     "rest", "sv2 started it; but sv1 still had it when they met"},
    {"a node that was vouched for had perhaps gone on with it",
     [](World& w) { w.group().conflict = Conflict{kSv1, kSv2, LetGo::confirmed, "", false}; },
     "START on sv1", "started on sv1"},

    // Nothing starts while somebody else may own it.
    {"an absent node was not seen yet",
     [](World& w) {
       w.is_lost(kSv2);
       w.state.nodes[kSv2].may_hold_anything = true;
     },
     "wait for sv2", "tasuki node confirm-down sv2"},
    {"that node's power is off",
     [](World& w) {
       w.is_lost(kSv2);
       w.state.nodes[kSv2].may_hold_anything = true;
       w.let_go(kSv2, LetGo::power_off);
     },
     "START on sv1", ""},
    {"a member has not stopped its part yet", [](World& w) { w.group().may_be_on.insert(kSv3); },
     "wait for sv3", "not stopped its part"},

    // A running group stays, unless there is a reason.
    {"it runs at home", [](World& w) { w.runs_on(kSv1); }, "keep", ""},
    {"it runs elsewhere: failback is manual", [](World& w) { w.runs_on(kSv2); }, "keep", ""},
    {"failback is due",
     [](World& w) {
       w.runs_on(kSv2);
       w.group().failback_due = true;
     },
     "stop", "back to its home sv1"},
    {"failback is due but home failed",
     [](World& w) {
       w.runs_on(kSv2);
       w.group().failures[kSv1] = {"no such device", 1};
       w.group().failback_due = true;
     },
     "keep", ""},
    {"an administrator moved it",
     [](World& w) {
       w.runs_on(kSv1);
       w.moved_to(kSv2);
     },
     "stop", "moved it to sv2"},
    {"that move was carried out before",
     [](World& w) {
       w.runs_on(kSv1);
       w.moved_to(kSv2);
       w.group().move_seen = w.state.durable.version;
     },
     "keep", ""},
    {"an administrator stopped it while it runs",
     [](World& w) {
       w.runs_on(kSv1);
       w.stopped();
     },
     "stop", "administrator stopped it"},
    {"its node is set aside",
     [](World& w) {
       w.runs_on(kSv1);
       w.set_aside(kSv1);
     },
     "stop", "set aside"},
    {"its node is set aside and no other can run it",
     [](World& w) {
       w.runs_on(kSv1);
       for (const NodeId node : {kSv1, kSv2, kSv3}) w.set_aside(node);
     },
     "keep", ""},
    {"its node leaves",
     [](World& w) {
       w.runs_on(kSv1);
       w.state.nodes[kSv1].leaving = true;
     },
     "stop", "leaving"},
    {"its node was taken out of the policy",
     [](World& w) {
       w.runs_on(kSv1);
       w.configured().policy = {kSv2, kSv3};
     },
     "stop", "no longer in its policy"},
    {"it is on its way down",
     [](World& w) {
       w.runs_on(kSv1);
       w.group().wanted_up = false;
     },
     "wait", ""},
    {"it cannot be stopped",
     [](World& w) {
       w.runs_on(kSv1);
       w.group().phase = Phase::stuck;
     },
     "wait", "resets itself"},

    // The holder is lost: proof first.
    {"lost without proof",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
     },
     "wait for sv1", "no proof yet"},
    {"lost, and its power switch does not answer",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.state.nodes[kSv1].fence_problem = "connection refused";
     },
     "wait for sv1", "(connection refused); if it is surely down, say: tasuki node confirm-down"},
    {"lost, its power is off",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::power_off);
     },
     "FAILOVER on sv2", "taken over from sv1 by sv2"},
    {"lost, its lease ran out",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::lease);
     },
     "FAILOVER on sv2", ""},
    {"it said goodbye",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::left);
     },
     "FAILOVER on sv2", ""},
    {"an administrator vouched for it",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::confirmed);
     },
     "FAILOVER on sv2", ""},
    {"only its tasukid is gone: it has the time of its lease",
     [](World& w) {
       w.runs_on(kSv1);
       w.has_no_tasukid(kSv1);
     },
     "wait for sv1", "until its lease ends"},

    // A locked cluster moves nothing by itself.
    {"locked, and the holder is lost with proof",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::power_off);
       w.locked();
     },
     "rest", "locked"},
    {"locked, the holder is lost with proof, and an administrator moves it",
     [](World& w) {
       w.runs_on(kSv1);
       w.is_lost(kSv1);
       w.let_go(kSv1, LetGo::power_off);
       w.locked();
       w.moved_to(kSv2);
     },
     "FAILOVER on sv2", ""},
    {"locked, and failback is due",
     [](World& w) {
       w.runs_on(kSv2);
       w.group().failback_due = true;
       w.locked();
     },
     "keep", ""},
    {"locked, and an administrator moves it",
     [](World& w) {
       w.runs_on(kSv1);
       w.locked();
       w.moved_to(kSv2);
     },
     "stop", "moved it to sv2"},
    {"locked, and an administrator starts it", [](World& w) { w.locked(); }, "START on sv1", ""},
};

TEST(Plan, of_a_group) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    World world;
    row.how(world);
    EXPECT_EQ(verdict(world), row.verdict);
    EXPECT_THAT(reason(world), HasSubstr(row.reason));
  }
}

TEST(Plan, of_a_side_that_may_not_decide_is_empty) {
  World world;
  world.is_lost(kSv1);
  EXPECT_THAT(plan(world.state, world.view, false).decisions, IsEmpty());
}

// --- fences

std::vector<std::string> fences(const World& world, bool may_decide = true) {
  std::vector<std::string> text;
  for (const FenceOrder& order : plan(world.state, world.view, may_decide).fences)
    text.push_back(fmt::format("{} fences {}{}", world.state.config().node_name(order.by),
                               world.state.config().node_name(order.target),
                               order.after_delay ? " late" : ""));
  return text;
}

TEST(Fences, nobody_is_fenced_without_need) {
  World world;
  world.runs_on(kSv1);
  world.is_lost(kSv3);
  EXPECT_THAT(fences(world), IsEmpty());
}

TEST(Fences, the_lost_holder_is_fenced_by_the_first_member) {
  World world;
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  EXPECT_THAT(fences(world), ElementsAre("sv2 fences sv1"));
}

TEST(Fences, after_a_failed_attempt_the_next_member_tries) {
  World world;
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.state.nodes[kSv1].fence_attempts = 1;
  EXPECT_THAT(fences(world), ElementsAre("sv3 fences sv1"));
}

TEST(Fences, a_proof_ends_it) {
  World world;
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.let_go(kSv1, LetGo::power_off);
  EXPECT_THAT(fences(world), IsEmpty());
}

TEST(Fences, a_node_whose_engine_answers_has_the_time_of_its_lease) {
  World world;
  world.runs_on(kSv1);
  world.has_no_tasukid(kSv1);
  EXPECT_THAT(fences(world), IsEmpty());
  world.state.nodes[kSv1].absent_too_long = true;
  EXPECT_THAT(fences(world), ElementsAre("sv2 fences sv1"));
}

TEST(Fences, of_two_nodes_the_survivor_fences_before_it_may_decide) {
  World world(2);
  world.is_lost(kSv2);
  EXPECT_THAT(fences(world, false), ElementsAre("sv1 fences sv2"));
}

TEST(Fences, of_two_that_fence_each_other_the_one_with_fewer_groups_comes_late) {
  World world(2);
  world.runs_on(kSv2);
  world.is_lost(kSv2);
  EXPECT_THAT(fences(world, false), ElementsAre("sv1 fences sv2 late"));
}

TEST(Fences, a_node_that_was_removed_fences_nobody) {
  World world(2);
  world.is_lost(kSv2);
  world.view.members = {kSv1, kSv3};
  world.state.nodes[kSv2].fence_attempts = 1;
  EXPECT_THAT(fences(world, false), ElementsAre("sv1 fences sv2"));
  world.is_lost(kSv1);
  EXPECT_THAT(fences(world, false), IsEmpty());
}

// --- disks that refuse whoever does not have them

struct Reserved : World {
  Reserved() {
    configured().resources.push_back(
        {.name = ResourceName{"partition-1"},
         .what = Partition{"/dev/sdb1", "/data", "ext4", "", "", Guard::scsi_reservation}});
    runs_on(kSv1);
  }
};

TEST(Reserved, a_lost_holder_stands_in_nobodys_way) {
  Reserved world;
  world.is_lost(kSv1);
  EXPECT_EQ(verdict(world), "FAILOVER on sv2");
  EXPECT_THAT(reason(world), HasSubstr("taken over from sv1 by sv2; its disks refuse sv1"));
  EXPECT_THAT(fences(world), IsEmpty());
}

TEST(Reserved, a_holder_whose_engine_answers_has_the_time_of_its_lease) {
  Reserved world;
  world.has_no_tasukid(kSv1);
  EXPECT_EQ(verdict(world), "wait for sv1");
  world.state.nodes[kSv1].absent_too_long = true;
  EXPECT_EQ(verdict(world), "FAILOVER on sv2");
}

TEST(Reserved, a_holder_that_is_here_is_down_first) {
  Reserved world;
  world.moved_to(kSv2);
  EXPECT_EQ(verdict(world), "stop");
}

TEST(Reserved, who_is_refused_may_have_its_address_still) {
  Reserved world;
  world.is_lost(kSv1);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().holder, kSv2);
  EXPECT_THAT(owners_of(world.state, world.view, kOffice), ElementsAre(kSv1, kSv2));
  world.failed_on(kSv2);
  world.group().holder.reset();
  EXPECT_EQ(verdict(world), "FAILOVER on sv3") << "which takes the disks as well";
}

TEST(Reserved, one_partition_that_does_not_refuse_waits_for_the_proof) {
  Reserved world;
  world.configured().resources.push_back({.name = ResourceName{"partition-2"},
                                          .what = Partition{"/dev/sdc1", "/more", "ext4", "", ""}});
  world.is_lost(kSv1);
  EXPECT_EQ(verdict(world), "wait for sv1");
}

// --- what settles

TEST(Settle, a_start_names_a_new_holding) {
  World world;
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().holder, kSv1);
  EXPECT_EQ(world.group().ticket, 1U);
  EXPECT_TRUE(world.group().wanted_up);
  EXPECT_EQ(verdict(world), "keep");
}

TEST(Settle, a_takeover_remembers_whom_it_was_taken_from_and_that_it_let_go) {
  World world;
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.let_go(kSv1, LetGo::power_off);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().holder, kSv2);
  EXPECT_EQ(world.group().previous, kSv1);
  EXPECT_TRUE(world.group().previous_let_go);
}

TEST(Settle, what_was_given_up_rests_until_somebody_says_retry) {
  World world;
  for (const NodeId node : {kSv1, kSv2, kSv3}) world.failed_on(node);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(verdict(world), "rest");
  EXPECT_THAT(reason(world), HasSubstr("it failed on every node"));
}

TEST(Settle, a_group_that_is_no_longer_configured_is_forgotten_once_it_is_down) {
  World world;
  world.runs_on(kSv1);
  world.state.durable.applied.config.groups.clear();
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_TRUE(world.state.groups.contains(kOffice));
  world.group().holder.reset();
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_FALSE(world.state.groups.contains(kOffice));
}

TEST(Settle, what_was_removed_is_remembered_as_long_as_somebody_may_own_it) {
  World world;
  world.group().may_be_on.insert(kSv2);
  world.state.durable.applied.config.groups.clear();
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_TRUE(world.state.groups.contains(kOffice));
  world.is_lost(kSv2);
  world.let_go(kSv2, LetGo::power_off);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_FALSE(world.state.groups.contains(kOffice));
}

TEST(Settle, an_address_that_rested_may_be_somebody_elses_by_now) {
  World world;
  world.group().previous = kSv1;
  world.stopped();
  settle(world.state, world.view, plan(world.state, world.view, true));
  world.intent().run = true;
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().holder, kSv1);
  EXPECT_FALSE(world.group().previous_let_go) << "so it is probed for";
}

TEST(Settle, a_locked_cluster_starts_again_where_a_group_was_and_nowhere_else) {
  World world;
  world.locked();
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.let_go(kSv1, LetGo::power_off);
  EXPECT_EQ(verdict(world), "rest");
  settle(world.state, world.view, plan(world.state, world.view, true));
  world.view.members.insert(kSv1);
  world.view.alive.insert(kSv1);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().holder, kSv1);
  EXPECT_EQ(world.group().reason, "started again on sv1");
  EXPECT_EQ(world.group().event, Event::start);
}

TEST(Settle, a_group_that_never_ran_on_a_node_is_not_taken_over_from_it) {
  World world;
  world.failed_on(kSv1);
  world.group().failures.at(kSv1).at_start = true;
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().reason, "started on sv2, as it could not start on sv1");
}

TEST(Settle, a_group_tells_again_why_it_runs_there_when_its_holder_answers_again) {
  World world;
  world.runs_on(kSv1);
  world.group().why_here = "taken over from sv2 by sv1";
  world.has_no_tasukid(kSv1);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_THAT(world.group().reason, HasSubstr("its tasukid does not answer"));
  world.view.members.insert(kSv1);
  settle(world.state, world.view, plan(world.state, world.view, true));
  EXPECT_EQ(world.group().reason, "taken over from sv2 by sv1");
}

// --- the right to decide

struct RightRow {
  const char* what;
  uint32_t nodes;
  std::function<void(World&)> how;
  bool right;
};

const RightRow kRights[] = {
    {"all of three", 3, [](World&) {}, true},
    {"two of three", 3, [](World& w) { w.is_lost(kSv3); }, true},
    {"one of three", 3,
     [](World& w) {
       w.is_lost(kSv2);
       w.is_lost(kSv3);
     },
     false},
    {"three that the engine calls no majority", 3, [](World& w) { w.view.quorate = false; }, false},
    {"both of two", 2, [](World&) {}, true},
    {"one of two, the other unproven", 2, [](World& w) { w.is_lost(kSv2); }, false},
    {"one of two, the other switched off", 2,
     [](World& w) {
       w.is_lost(kSv2);
       w.let_go(kSv2, LetGo::power_off);
     },
     true},
    {"one of two, the other's lease ran out: it may think the same", 2,
     [](World& w) {
       w.is_lost(kSv2);
       w.let_go(kSv2, LetGo::lease);
     },
     false},
    {"one of two with the witness", 2,
     [](World& w) {
       w.state.durable.applied.config.witness = Witness{"10.0.0.9"};
       w.is_lost(kSv2);
     },
     true},
    {"one of two without the witness, the other vouched for", 2,
     [](World& w) {
       w.state.durable.applied.config.witness = Witness{"10.0.0.9"};
       w.view.quorate = false;
       w.is_lost(kSv2);
       w.let_go(kSv2, LetGo::confirmed);
     },
     true},
    {"one of two without the witness, the other switched off: it may be on again", 2,
     [](World& w) {
       w.state.durable.applied.config.witness = Witness{"10.0.0.9"};
       w.view.quorate = false;
       w.is_lost(kSv2);
       w.let_go(kSv2, LetGo::power_off);
     },
     false},
    {"one of three, only one of the others vouched for", 3,
     [](World& w) {
       w.view.quorate = false;
       w.is_lost(kSv2);
       w.is_lost(kSv3);
       w.let_go(kSv2, LetGo::confirmed);
     },
     false},
    {"a single server", 1, [](World&) {}, true},
    {"one that was removed, which switched the other two off", 2,
     [](World& w) {
       w.view.members = {kSv3};
       w.let_go(kSv1, LetGo::power_off);
       w.let_go(kSv2, LetGo::power_off);
     },
     false},
    {"one that was removed when a single server was left", 1,
     [](World& w) { w.view.members = {kSv2}; }, false},
};

TEST(Right, to_decide) {
  for (const RightRow& row : kRights) {
    SCOPED_TRACE(row.what);
    World world(row.nodes);
    row.how(world);
    EXPECT_EQ(has_right_to_decide(world.state, world.view), row.right);
  }
}

}  // namespace
}  // namespace tasuki::core
