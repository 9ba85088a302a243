#include "cluster/process/keeper_state.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasuki::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const ProcessName kDb{"office", "db"};
const std::vector<Release> kReleases{ReleaseMount{"/dev/sdb1", "/data"}};

// A keeper in virtual time. Each step's effects are kept as words, which read like a log.
struct KeeperStateTest : testing::Test {
  KeeperState state;
  Moment now{1h};
  uint64_t id = 0;
  using Words = std::vector<std::string>;

  static std::string word(const StartProcess& start) { return "start " + start.spawn.name.key; }
  static std::string word(const SignalProcess& signal) {
    return "signal " + std::to_string(signal.signal) + " " + signal.name.key;
  }
  static std::string word(const KillCgroup& kill) { return "kill " + kill.name.key; }
  static std::string word(const RemoveProcess& remove) { return "remove " + remove.name.key; }
  static std::string word(const RemoveGroup& remove) { return "remove group " + remove.group; }
  static std::string word(const EndTasukid&) { return "end tasukid"; }
  static std::string word(const StartRelease& release) { return "release " + release.group; }
  static std::string word(const ArmReset& arm) {
    return "arm " + std::to_string(arm.bound.count());
  }
  static std::string word(const DisarmReset&) { return "disarm"; }
  static std::string word(const ResetNode& reset) { return "reset: " + reset.reason; }
  static std::string word(const Reply& reply) {
    const std::string front = "reply " + std::to_string(reply.id);
    if (const auto* error = std::get_if<Error>(&reply.answer)) return front + ": " + error->what;
    if (const auto* stop = std::get_if<StopReply>(&reply.answer))
      return front + (stop->forced ? " forced" : " stopped");
    return front;
  }
  static std::string word(const Event& event) {
    return "exited " + std::get<Exited>(event).name.key;
  }

  Words take(const Fact& fact) {
    Words words;
    for (const Effect& effect : state.take(fact, now))
      words.push_back(std::visit([](const auto& what) { return word(what); }, effect));
    return words;
  }
  Words ask(Operation operation) { return take(Asked{{++id, std::move(operation)}}); }
  Words after(milliseconds time) {
    now += time;
    return take(TimePassed{});
  }
  Words lease(milliseconds lease, milliseconds release) { return ask(Lease{now, lease, release}); }
  HelloReply hello() {
    for (const Effect& effect : state.take(Asked{{++id, Hello{}}}, now))
      if (const auto* reply = std::get_if<Reply>(&effect))
        return std::get<HelloReply>(reply->answer);
    return {};
  }

  static Spawn spawn_of(ProcessName name) {
    return {std::move(name), {"/bin/db"}, "", {}, "", "the tag"};
  }
  void run_db() {
    ask(OpenGroup{"office", kReleases, 7});
    ask(Spawn(spawn_of(kDb)));
    take(Started{kDb, 42});
  }
};

TEST_F(KeeperStateTest, a_process_is_started_and_its_end_is_told) {
  EXPECT_THAT(ask(OpenGroup{"office", kReleases, 7}), ElementsAre("reply 1"));
  EXPECT_THAT(ask(spawn_of(kDb)), ElementsAre("start db"));
  EXPECT_THAT(take(Started{kDb, 42}), ElementsAre("reply 2"));
  EXPECT_THAT(take(MainEnded{kDb, {}}), ElementsAre("exited db"));
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("remove db"));
  EXPECT_THAT(ask(CloseGroup{"office"}), ElementsAre("remove group office", "reply 3"));
}

TEST_F(KeeperStateTest, a_program_that_cannot_run_is_an_error_of_its_spawn) {
  ask(OpenGroup{"office", {}, {}});
  ask(spawn_of(kDb));
  EXPECT_THAT(take(StartFailed{kDb, {"no such file"}}), ElementsAre("reply 2: no such file"));
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("remove db"));
}

TEST_F(KeeperStateTest, what_cannot_be_started_is_refused) {
  EXPECT_THAT(ask(spawn_of(kDb)), ElementsAre("reply 1: the group \"office\" was not opened"));
  run_db();
  EXPECT_THAT(ask(spawn_of(kDb)), ElementsAre("reply 4: \"db\" runs already"));
  EXPECT_THAT(ask(spawn_of({"office", "../x"})),
              ElementsAre("reply 5: \"../x\" cannot name a cgroup"));
  EXPECT_THAT(ask(OpenGroup{"cgroup.kill", {}, {}}),
              ElementsAre("reply 6: \"cgroup.kill\" cannot name a cgroup"));
}

TEST_F(KeeperStateTest, a_stop_is_over_when_nothing_is_left) {
  run_db();
  EXPECT_THAT(ask(Stop{kDb, SIGINT, 5s}), ElementsAre("signal 2 db"));
  EXPECT_EQ(state.next_deadline(), now + 5s);
  EXPECT_THAT(take(CgroupEmptied{kDb}), IsEmpty());
  EXPECT_THAT(take(MainEnded{kDb, {}}), ElementsAre("exited db", "reply 3 stopped", "remove db"));
  EXPECT_EQ(state.next_deadline(), std::nullopt);
}

TEST_F(KeeperStateTest, a_stubborn_process_is_killed_at_its_limit) {
  run_db();
  ask(Stop{kDb, SIGTERM, 5s});
  EXPECT_THAT(after(4999ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("kill db"));
  EXPECT_THAT(take(MainEnded{kDb, {}}), ElementsAre("exited db"));
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("reply 3 forced", "remove db"));
}

TEST_F(KeeperStateTest, children_that_outlive_a_stopped_process_are_killed_at_once) {
  run_db();
  ask(Stop{kDb, SIGTERM, 5s});
  EXPECT_THAT(take(MainEnded{kDb, {}}), ElementsAre("exited db", "kill db"));
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("reply 3 stopped", "remove db"));
}

TEST_F(KeeperStateTest, what_a_process_left_behind_by_itself_lives_until_a_stop) {
  run_db();
  EXPECT_THAT(take(MainEnded{kDb, {}}), ElementsAre("exited db"));
  EXPECT_THAT(ask(CloseGroup{"office"}),
              ElementsAre("reply 3: \"office\" still has processes: db"));
  EXPECT_THAT(ask(spawn_of(kDb)), ElementsAre("start db"));
  take(Started{kDb, 43});
  take(MainEnded{kDb, {}});
  EXPECT_THAT(ask(Stop{kDb, SIGTERM, 5s}), ElementsAre("kill db"));
}

TEST_F(KeeperStateTest, stopping_what_does_not_run_is_fine) {
  EXPECT_THAT(ask(Stop{kDb, SIGTERM, 5s}), ElementsAre("reply 1 stopped"));
  EXPECT_THAT(ask(KillGroup{"office"}), ElementsAre("reply 2"));
}

TEST_F(KeeperStateTest, killing_a_group_is_answered_when_it_is_empty) {
  run_db();
  const ProcessName web{"office", "web"};
  ask(spawn_of(web));
  take(Started{web, 43});
  EXPECT_THAT(ask(KillGroup{"office"}), ElementsAre("kill db", "kill web"));
  take(MainEnded{kDb, {}});
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("remove db"));
  take(MainEnded{web, {}});
  EXPECT_THAT(take(CgroupEmptied{web}), ElementsAre("remove web", "reply 4"));
}

TEST_F(KeeperStateTest, the_next_tasukid_is_told_everything_and_no_old_answers) {
  run_db();
  ask(Stop{kDb, SIGTERM, 5s});
  EXPECT_THAT(take(ClientConnected{}), IsEmpty());
  const HelloReply expected{{{"office", 7, kReleases, {{"db", 42, "the tag"}}}}, false};
  EXPECT_EQ(hello(), expected);
  EXPECT_THAT(ask(Stop{kDb, SIGTERM, 1s}), ElementsAre("signal 15 db"));
  EXPECT_EQ(state.next_deadline(), now + 1s) << "the earlier of the two limits counts";
  take(MainEnded{kDb, {}});
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("reply 5 stopped", "remove db"));
}

TEST_F(KeeperStateTest, a_lease_arms_the_reset_with_the_time_to_let_go_added) {
  EXPECT_THAT(lease(3s, 5s), ElementsAre("arm 8000", "reply 1"));
  now += 1s;
  EXPECT_THAT(lease(3s, 5s), ElementsAre("arm 8000", "reply 2"));
  EXPECT_EQ(state.next_deadline(), now + 3s);
  EXPECT_THAT(lease(0s, 0s), ElementsAre("disarm", "reply 3"));
  EXPECT_EQ(state.next_deadline(), std::nullopt);
}

TEST_F(KeeperStateTest, a_lease_counts_from_its_sending) {
  EXPECT_THAT(ask(Lease{now - 1s, 3s, 5s}), ElementsAre("arm 7000", "reply 1"));
  EXPECT_EQ(state.next_deadline(), now + 2s);
  EXPECT_THAT(ask(Lease{now - 4s, 3s, 5s}),
              ElementsAre("reply 2: the lease came too late to count"));
  EXPECT_EQ(state.next_deadline(), now + 2s) << "the one before still runs out in time";
  EXPECT_THAT(ask(Lease{now + 1h, 3s, 5s}), ElementsAre("arm 8000", "reply 3"))
      << "nobody sends in the future";
}

TEST_F(KeeperStateTest, a_lease_that_runs_out_stops_kills_and_releases) {
  run_db();
  lease(3s, 6s);
  EXPECT_THAT(after(2999ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("end tasukid", "signal 15 db"));
  EXPECT_THAT(take(TasukidEnded{}), IsEmpty());
  EXPECT_THAT(after(1999ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("kill db")) << "after a third of the release time";
  take(MainEnded{kDb, {}});
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("remove db", "release office"));
  EXPECT_THAT(take(ReleaseEnded{"office", {}}), ElementsAre("remove group office", "disarm"));
  EXPECT_EQ(hello(), (HelloReply{{}, true, false, true}));
  lease(3s, 6s);
  EXPECT_EQ(hello(), (HelloReply{{}, false, false, true}))
      << "a new lease shows that tasukid knows";
}

TEST_F(KeeperStateTest, nothing_is_released_while_a_tasukid_might_still_mount_it) {
  run_db();
  lease(3s, 6s);
  EXPECT_THAT(after(3s), ElementsAre("end tasukid", "signal 15 db"));
  take(MainEnded{kDb, {}});
  EXPECT_THAT(take(CgroupEmptied{kDb}), ElementsAre("remove db"));
  EXPECT_THAT(take(TasukidEnded{}), ElementsAre("release office"));
  EXPECT_THAT(take(TasukidEnded{}), IsEmpty()) << "once is enough";
}

TEST_F(KeeperStateTest, a_tasukid_that_cannot_be_ended_resets_the_node) {
  run_db();
  lease(3s, 6s);
  after(3s);
  take(MainEnded{kDb, {}});
  take(CgroupEmptied{kDb});
  EXPECT_THAT(after(6s),
              ElementsAre("reset: the group \"office\" could not be let go of: time ran out"));
}

TEST_F(KeeperStateTest, a_release_that_takes_too_long_resets_the_node) {
  run_db();
  lease(3s, 6s);
  after(3s);
  take(TasukidEnded{});
  take(MainEnded{kDb, {}});
  take(CgroupEmptied{kDb});
  EXPECT_THAT(after(5999ms), IsEmpty());
  EXPECT_THAT(after(1ms),
              ElementsAre("reset: the group \"office\" could not be let go of: time ran out"));
  EXPECT_THAT(after(1s), IsEmpty()) << "once is enough";
  EXPECT_EQ(state.next_deadline(), std::nullopt);
}

TEST_F(KeeperStateTest, a_process_that_cannot_be_killed_resets_the_node) {
  run_db();
  lease(3s, 6s);
  after(3s);
  EXPECT_THAT(after(2s), ElementsAre("kill db"));
  EXPECT_THAT(after(4s),
              ElementsAre("reset: the group \"office\" could not be let go of: time ran out"));
}

TEST_F(KeeperStateTest, a_release_that_fails_resets_the_node) {
  ask(OpenGroup{"office", kReleases, {}});
  lease(3s, 6s);
  EXPECT_THAT(after(3s), ElementsAre("end tasukid"));
  EXPECT_THAT(take(TasukidEnded{}), ElementsAre("release office"));
  EXPECT_THAT(take(ReleaseEnded{"office", failure("unmount /data: busy")}),
              ElementsAre("reset: the group \"office\" could not be let go of: unmount /data: "
                          "busy"));
}

TEST_F(KeeperStateTest, nothing_new_begins_and_the_reset_stays_armed_while_letting_go) {
  run_db();
  lease(3s, 6s);
  after(3s);
  const std::string refusal = "the lease ran out, groups are being let go of";
  EXPECT_THAT(ask(OpenGroup{"other", {}, {}}), ElementsAre("reply 4: " + refusal));
  EXPECT_THAT(ask(spawn_of({"office", "web"})), ElementsAre("reply 5: " + refusal));
  EXPECT_THAT(ask(CloseGroup{"office"}), ElementsAre("reply 6: " + refusal));
  EXPECT_THAT(lease(3s, 6s), ElementsAre("reply 7: " + refusal));
  take(TasukidEnded{});
  take(MainEnded{kDb, {}});
  take(CgroupEmptied{kDb});
  now += 1s;
  EXPECT_THAT(take(ReleaseEnded{"office", {}}), ElementsAre("remove group office", "disarm"));
}

TEST_F(KeeperStateTest, the_end_of_the_keeper_lets_go_of_everything) {
  run_db();
  EXPECT_THAT(take(EndAsked{}), ElementsAre("end tasukid", "signal 15 db"));
  take(TasukidEnded{});
  take(MainEnded{kDb, {}});
  take(CgroupEmptied{kDb});
  EXPECT_FALSE(state.empty());
  take(ReleaseEnded{"office", {}});
  EXPECT_TRUE(state.empty());
}

TEST_F(KeeperStateTest, the_end_of_a_keeper_that_owns_nothing_disarms_the_reset) {
  lease(3s, 6s);
  EXPECT_THAT(take(EndAsked{}), ElementsAre("disarm"));
}

TEST_F(KeeperStateTest, what_a_keeper_that_died_had_begun_is_let_go_of_within_its_bound) {
  EXPECT_THAT(take(LeftBehind{{{"office", kReleases}}, now + 3s}),
              ElementsAre("arm 3000", "end tasukid"));
  EXPECT_THAT(ask(OpenGroup{"forms", {}, nullptr}),
              ElementsAre("reply 1: the lease ran out, groups are being let go of"));
  EXPECT_THAT(take(TasukidEnded{}), ElementsAre("release office"));
  EXPECT_EQ(state.left(), (Left{{"office", kReleases}})) << "should this one die as well";
  EXPECT_THAT(take(ReleaseEnded{"office", {}}), ElementsAre("remove group office", "disarm"));
  EXPECT_EQ(state.left(), Left{});
}

TEST_F(KeeperStateTest, what_a_keeper_that_died_had_begun_and_cannot_be_undone_resets_the_node) {
  take(LeftBehind{{{"office", kReleases}}, now + 3s});
  take(TasukidEnded{});
  EXPECT_THAT(after(3s),
              ElementsAre("reset: the group \"office\" could not be let go of: time ran out"));
}

TEST_F(KeeperStateTest, a_bound_that_has_passed_was_none) {
  EXPECT_THAT(take(LeftBehind{{{"office", kReleases}}, now - 1s}),
              ElementsAre("arm 5000", "end tasukid"));
}

TEST_F(KeeperStateTest, a_keeper_that_died_owning_nothing_leaves_nothing_to_do) {
  EXPECT_THAT(take(LeftBehind{{}, now + 3s}), IsEmpty());
}

TEST_F(KeeperStateTest, notes_that_no_packet_could_carry_are_refused) {
  const std::string longest(kPacketBytesMax - 1000, 'x');
  EXPECT_THAT(ask(OpenGroup{"office", {}, longest}), ElementsAre("reply 1"));
  EXPECT_THAT(ask(OpenGroup{"other", {}, longest}),
              ElementsAre("reply 2: the notes of all groups together are too long"));
  EXPECT_EQ(hello().groups.size(), 1U);
}

TEST_F(KeeperStateTest, a_reset_is_carried_out_when_asked_for) {
  EXPECT_THAT(ask(ResetNode{"split"}), ElementsAre("reply 1", "reset: split"));
}

}  // namespace
}  // namespace tasuki::process
