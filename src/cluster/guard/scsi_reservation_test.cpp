#include "cluster/guard/scsi_reservation.hpp"

#include <gmock/gmock.h>

#include "cluster/guard/scsi_fake.hpp"
#include "cluster/guard/scsi_steps.hpp"

namespace tasuki::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum Standing::Kind;

constexpr auto kWero = ReservationType::write_exclusive_registrants_only;
const core::NodeId kNode1(1);
const core::NodeId kNode2(2);
const ReservationKey kSv1 = key_of(kNode1, 7);
const ReservationKey kSv2 = key_of(kNode2, 8);
const ReservationKey kForeign(0xabcd);

using Taken = Result<std::vector<KeyOwner>>;

class ScsiReservationTest : public testing::Test {
 protected:
  void SetUp() override { lun.connect("stranger"); }

  // Another product's, as one registration of it and its reservation.
  void reserve_as_another_product(ReservationType type) {
    lun.connect("backup");
    ASSERT_TRUE(lun.reserve_out(
        "backup", {.action = ReserveAction::enroll, .key = {}, .service_action_key = kForeign}));
    ASSERT_TRUE(lun.reserve_out("backup", {.action = ReserveAction::reserve,
                                           .type = type,
                                           .key = kForeign,
                                           .service_action_key = {}}));
  }

  FakeLun lun;
  std::vector<std::unique_ptr<ScsiPath>> sv1 = fake_paths(lun, {"sv1 a", "sv1 b"});
  std::vector<std::unique_ptr<ScsiPath>> sv2 = fake_paths(lun, {"sv2 a", "sv2 b"});
};

TEST(ScsiKeyTest, bears_the_node_and_the_epoch) {
  EXPECT_EQ(owner_of(key_of(core::NodeId(65535), 0xff'ffff'ffff)),
            (KeyOwner{core::NodeId(65535), 0xff'ffff'ffff}));
  EXPECT_EQ(owner_of(key_of(kNode1, 0x1'0000'0007)), (KeyOwner{kNode1, 0x1'0000'0007}));
  EXPECT_EQ(key_of(kNode1, 7), ReservationKey(0x7400'0100'0000'0007));
  EXPECT_EQ(describe(kSv1), "node 1 (epoch 7)");
}

TEST(ScsiKeyTest, never_becomes_older_with_a_newer_epoch) {
  const auto epoch = [](uint64_t of) { return owner_of(key_of(kNode1, of)).value().epoch; };
  constexpr uint64_t kAcceptedLoss = 1'000'000'000;
  for (uint64_t losses = 1; losses < 1000; ++losses)
    EXPECT_GT(epoch(losses * kAcceptedLoss), epoch((losses - 1) * kAcceptedLoss + 7)) << losses;
  EXPECT_EQ(epoch(0x100'0000'0000), epoch(0xff'ffff'ffff)) << "the last that has room";
}

TEST(ScsiKeyTest, is_never_zero) {
  EXPECT_NE(key_of(core::NodeId(0), 0).value, 0U);
}

TEST(ScsiKeyTest, of_another_product_has_no_owner) {
  EXPECT_EQ(owner_of(ReservationKey(0)), std::nullopt);
  EXPECT_EQ(owner_of(kForeign), std::nullopt);
  EXPECT_EQ(describe(kForeign), "0xabcd");
}

TEST_F(ScsiReservationTest, first_activation_registers_every_path_and_reserves) {
  EXPECT_EQ(take(sv1, kSv1), std::vector<KeyOwner>());
  EXPECT_THAT(lun.registered_with(kSv1), ElementsAre("sv1 a", "sv1 b"));
  EXPECT_EQ(lun.reservation(), (Holder{kSv1, kWero}));
  EXPECT_TRUE(lun.write("sv1 a"));
  EXPECT_TRUE(lun.write("sv1 b"));
  EXPECT_EQ(lun.write("sv2 a").error().refusal, ScsiRefusal::conflict);
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, taking_again_changes_nothing) {
  ASSERT_TRUE(take(sv1, kSv1));
  EXPECT_EQ(take(sv1, kSv1), std::vector<KeyOwner>());
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, takeover_from_a_dead_owner_has_its_writes_refused) {
  ASSERT_TRUE(take(sv1, kSv1));
  EXPECT_EQ(take(sv2, kSv2), (std::vector{KeyOwner{kNode1, 7}}));
  EXPECT_EQ(lun.reservation(), (Holder{kSv2, kWero}));
  EXPECT_EQ(lun.write("sv1 a").error().refusal, ScsiRefusal::preempted);
  EXPECT_EQ(lun.write("sv1 a").error().refusal, ScsiRefusal::conflict);
  EXPECT_FALSE(lun.takes_writes_of("sv1 b"));
  EXPECT_TRUE(lun.write("sv2 b"));
}

TEST_F(ScsiReservationTest, the_one_who_was_taken_over_finds_out_by_whom) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(take(sv2, kSv2));
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, lost);
  EXPECT_THAT(standing.others, ElementsAre(kSv2));
  EXPECT_EQ(standing.because, "the disk is node 2 (epoch 8)'s now");
  EXPECT_EQ(mend(sv1, kSv1).kind, lost);
  EXPECT_FALSE(lun.takes_writes_of("sv1 a"));
}

TEST_F(ScsiReservationTest, takes_back_from_the_one_who_took) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(take(sv2, kSv2));
  EXPECT_EQ(take(sv1, key_of(kNode1, 9)), (std::vector{KeyOwner{kNode2, 8}}));
  EXPECT_EQ(check(sv1, key_of(kNode1, 9)).kind, intact);
}

TEST_F(ScsiReservationTest, a_node_that_rebooted_replaces_its_own_earlier_key) {
  ASSERT_TRUE(take(sv1, kSv1));
  EXPECT_EQ(take(sv1, key_of(kNode1, 9)), std::vector<KeyOwner>());
  EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
  EXPECT_EQ(check(sv1, key_of(kNode1, 9)).kind, intact);
}

TEST_F(ScsiReservationTest,
       a_node_that_rebooted_preempts_its_own_earlier_key_on_a_path_that_is_no_more) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto new_card = fake_paths(lun, {"sv1 c"});
  EXPECT_EQ(take(new_card, key_of(kNode1, 9)), (std::vector{KeyOwner{kNode1, 7}}));
  EXPECT_FALSE(lun.takes_writes_of("sv1 a"));
}

TEST_F(ScsiReservationTest, a_planned_move_never_leaves_the_disk_open) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto closed = [this] {
    return lun.reservation().has_value() && !lun.takes_writes_of("stranger");
  };
  Steps<Taken> taking({"sv2 a", "sv2 b"}, [](ScsiPaths paths) { return take(paths, kSv2); });
  while (!taking.result()) {
    taking.step(lun);
    ASSERT_TRUE(closed()) << lun.describe();
  }
  EXPECT_TRUE(*taking.result());
  Steps<Result<void>> giving({"sv1 a", "sv1 b"},
                             [](ScsiPaths paths) { return give_back(paths, kSv1); });
  while (!giving.result()) {
    giving.step(lun);
    ASSERT_TRUE(closed()) << lun.describe();
  }
  EXPECT_TRUE(*giving.result());
  EXPECT_EQ(check(sv2, kSv2).kind, intact);
  EXPECT_FALSE(lun.takes_writes_of("sv1 a"));
}

TEST_F(ScsiReservationTest, while_another_one_is_about_to_take_the_owner_sees_it_and_is_intact) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(lun.reserve_out(
      "sv2 a", {.action = ReserveAction::enroll, .key = {}, .service_action_key = kSv2}));
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, intact);
  EXPECT_THAT(standing.others, ElementsAre(kSv2));
}

TEST_F(ScsiReservationTest, giving_back_leaves_nothing_behind) {
  ASSERT_TRUE(take(sv1, kSv1));
  EXPECT_TRUE(give_back(sv1, kSv1));
  EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
  EXPECT_EQ(lun.reservation(), std::nullopt);
  EXPECT_TRUE(give_back(sv1, kSv1));
}

TEST_F(ScsiReservationTest, giving_back_an_old_epoch_leaves_the_new_one_alone) {
  ASSERT_TRUE(take(sv1, key_of(kNode1, 9)));
  EXPECT_TRUE(give_back(sv1, kSv1));
  EXPECT_EQ(check(sv1, key_of(kNode1, 9)).kind, intact);
}

TEST_F(ScsiReservationTest, giving_back_names_the_path_that_failed) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.fail("sv1 b");
  const auto given = give_back(sv1, kSv1);
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().what, HasSubstr("sv1 b: no answer"));
  EXPECT_THAT(lun.registered_with(kSv1), ElementsAre("sv1 b"));
  lun.restore("sv1 b");
  EXPECT_TRUE(take(sv2, kSv2));
}

TEST_F(ScsiReservationTest, refuses_to_take_when_one_of_the_paths_fails) {
  lun.fail("sv2 b");
  ASSERT_TRUE(take(sv1, kSv1));
  const auto taken = take(sv2, kSv2);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what,
            "sv2 b: no answer; mend the path or take it away, as all must be registered");
  EXPECT_THAT(lun.registered_with(kSv2), IsEmpty());
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, an_owner_that_cannot_take_again_keeps_what_it_holds) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.fail("sv1 b");
  ASSERT_FALSE(take(sv1, key_of(kNode1, 9)));
  EXPECT_EQ(lun.reservation(), (Holder{key_of(kNode1, 9), kWero}));
}

TEST_F(ScsiReservationTest, refuses_when_two_of_the_paths_are_one) {
  const auto twice = fake_paths(lun, {"sv1 a", "sv1 a"});
  const auto taken = take(twice, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("1 registrations of this node for 2 paths"));
  EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
}

TEST_F(ScsiReservationTest, mends_a_path_whose_registration_is_gone) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(lun.reserve_out(
      "sv1 b", {.action = ReserveAction::enroll, .key = kSv1, .service_action_key = {}}));
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, path_missing);
  EXPECT_EQ(standing.because, "1 of 2 paths are registered");
  EXPECT_EQ(mend(sv1, kSv1).kind, intact);
  EXPECT_THAT(lun.registered_with(kSv1), SizeIs(2));
}

TEST_F(ScsiReservationTest, the_owner_stands_intact_on_the_path_that_is_left) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.fail("sv1 a");
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, the_owner_stands_intact_when_the_path_that_holds_is_taken_away) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto left = fake_paths(lun, {"sv1 b"});
  EXPECT_EQ(check(left, kSv1).kind, intact);
  EXPECT_EQ(mend(left, kSv1).kind, intact);
  EXPECT_TRUE(lun.takes_writes_of("sv1 b"));
  EXPECT_FALSE(lun.takes_writes_of("sv2 a"));
}

TEST_F(ScsiReservationTest, without_any_path_nothing_is_known) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.fail("sv1 a");
  lun.fail("sv1 b");
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, unreadable);
  EXPECT_EQ(standing.because, "sv1 a: no answer; sv1 b: no answer");
  EXPECT_EQ(mend(sv1, kSv1).kind, unreadable);
}

TEST_F(ScsiReservationTest, a_reset_of_the_disk_is_no_loss) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.reset();
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, outlasts_a_power_cut_where_the_disk_can_keep_it) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.cut_power();
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
  EXPECT_FALSE(lun.takes_writes_of("sv2 a"));
}

TEST_F(ScsiReservationTest, the_loser_of_a_take_does_not_make_the_disk_forgetful) {
  ASSERT_TRUE(take(sv1, kSv1));
  lun.fail("sv2 b");
  ASSERT_FALSE(take(sv2, kSv2));
  lun.cut_power();
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, the_owner_mends_what_a_disk_forgot_in_a_power_cut) {
  lun.offers.aptpl = false;
  ASSERT_TRUE(take(sv1, kSv1));
  lun.cut_power();
  EXPECT_TRUE(lun.takes_writes_of("stranger"));
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, forgotten);
  EXPECT_EQ(standing.because, "the disk lost power and forgot who may write");
  EXPECT_EQ(mend(sv1, kSv1).kind, intact);
  EXPECT_FALSE(lun.takes_writes_of("stranger"));
}

TEST_F(ScsiReservationTest, mends_through_the_paths_that_answer) {
  lun.offers.aptpl = false;
  ASSERT_TRUE(take(sv1, kSv1));
  lun.cut_power();
  lun.fail("sv1 a");
  EXPECT_EQ(mend(sv1, kSv1).kind, path_missing);
  EXPECT_EQ(lun.reservation(), (Holder{kSv1, kWero}));
  EXPECT_FALSE(lun.takes_writes_of("stranger"));
}

TEST_F(ScsiReservationTest, what_another_one_took_after_the_power_cut_is_lost) {
  lun.offers.aptpl = false;
  ASSERT_TRUE(take(sv1, kSv1));
  lun.cut_power();
  ASSERT_TRUE(take(sv2, kSv2));
  EXPECT_EQ(check(sv1, kSv1).kind, lost);
  EXPECT_EQ(mend(sv1, kSv1).kind, lost);
  EXPECT_EQ(check(sv2, kSv2).kind, intact);
}

TEST_F(ScsiReservationTest, whoever_came_and_went_while_the_owner_slept_has_taken_the_disk) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(take(sv2, kSv2));
  ASSERT_TRUE(give_back(sv2, kSv2));
  const Standing standing = check(sv1, kSv1);
  EXPECT_EQ(standing.kind, lost);
  EXPECT_EQ(standing.because, "our key was removed by somebody who is gone again");
}

TEST_F(ScsiReservationTest, what_was_cleared_is_lost) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(lun.reserve_out(
      "stranger", {.action = ReserveAction::enroll, .key = {}, .service_action_key = kForeign}));
  ASSERT_TRUE(lun.clear("stranger", kForeign));
  EXPECT_EQ(check(sv1, kSv1).kind, lost);
}

TEST_F(ScsiReservationTest, reserves_again_what_a_person_released) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(lun.reserve_out(
      "sv1 a", {.action = ReserveAction::release, .key = kSv1, .service_action_key = {}}));
  EXPECT_EQ(check(sv1, kSv1).kind, forgotten);
  EXPECT_EQ(mend(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, a_preemption_that_was_undone_since_is_no_loss) {
  ASSERT_TRUE(take(sv1, kSv1));
  ASSERT_TRUE(take(sv2, kSv2));
  const ReservationKey later = key_of(kNode1, 9);
  ASSERT_TRUE(take(sv1, later));
  lun.fail("sv1 a");
  EXPECT_EQ(check(sv1, later).kind, intact);
}

TEST_F(ScsiReservationTest, is_not_taken_from_a_node_of_a_newer_epoch) {
  ASSERT_TRUE(take(sv2, kSv2));
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_EQ(
      taken.error().what,
      "sv1 a was taken by node 2 (epoch 8), and this node knows epoch 7 only; if nothing uses "
      "the disk, clear it: sg_persist --out --register-ignore --param-sark=1 sv1 a && "
      "sg_persist --out --clear --param-rk=1 sv1 a");
  EXPECT_EQ(check(sv2, kSv2).kind, intact);
  EXPECT_FALSE(lun.takes_writes_of("sv1 a"));
}

TEST_F(ScsiReservationTest, is_taken_from_a_node_of_the_same_epoch) {
  ASSERT_TRUE(take(sv2, kSv2));
  EXPECT_TRUE(take(sv1, key_of(kNode1, 8)));
  EXPECT_EQ(check(sv2, kSv2).kind, lost);
}

TEST_F(ScsiReservationTest, is_taken_again_by_its_own_node_whatever_its_epoch) {
  ASSERT_TRUE(take(sv1, key_of(kNode1, 9)));
  EXPECT_TRUE(take(sv1, kSv1));
}

TEST_F(ScsiReservationTest, finds_its_nodes_key) {
  EXPECT_EQ(key_of_node(sv1, kNode1), std::nullopt);
  ASSERT_TRUE(take(sv1, kSv1));
  EXPECT_EQ(key_of_node(sv1, kNode1), kSv1);
  EXPECT_EQ(key_of_node(sv2, kNode2), std::nullopt);
}

TEST_F(ScsiReservationTest, leaves_another_products_reservation_alone) {
  for (const auto type : {ReservationType::write_exclusive, kWero}) {
    lun = FakeLun();
    sv1 = fake_paths(lun, {"sv1 a", "sv1 b"});
    reserve_as_another_product(type);
    const auto taken = take(sv1, kSv1);
    ASSERT_FALSE(taken);
    EXPECT_EQ(
        taken.error().what,
        fmt::format("sv1 a is reserved by 0xabcd with type {}, which is not Tasuki's doing; if "
                    "nothing uses the disk, clear it: sg_persist --out --register-ignore "
                    "--param-sark=1 sv1 a && sg_persist --out --clear --param-rk=1 sv1 a",
                    std::to_underlying(type)));
    EXPECT_EQ(lun.reservation(), (Holder{kForeign, type}));
    EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
  }
}

TEST_F(ScsiReservationTest, leaves_another_products_registration_alone) {
  ASSERT_TRUE(lun.reserve_out(
      "stranger", {.action = ReserveAction::enroll, .key = {}, .service_action_key = kForeign}));
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("has the key 0xabcd registered"));
  EXPECT_THAT(lun.registered_with(kForeign), ElementsAre("stranger"));
}

TEST_F(ScsiReservationTest, leaves_a_reservation_of_another_type_alone_whoever_made_it) {
  ASSERT_TRUE(lun.reserve_out(
      "sv2 a", {.action = ReserveAction::enroll, .key = {}, .service_action_key = kSv2}));
  ASSERT_TRUE(lun.reserve_out("sv2 a", {.action = ReserveAction::reserve,
                                        .type = ReservationType::exclusive_access,
                                        .key = kSv2,
                                        .service_action_key = {}}));
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("reserved by node 2 (epoch 8) with type 3"));
}

TEST_F(ScsiReservationTest, leaves_a_disk_alone_that_is_reserved_the_old_way) {
  lun.reserve_the_old_way();
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what,
            "sv1 a is reserved by another machine in the old way (RESERVE); release it there");
  EXPECT_EQ(check(sv1, kSv1).kind, lost);
}

TEST_F(ScsiReservationTest, refuses_a_disk_without_persistent_reservations) {
  lun.has_reservations = false;
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("sv1 a has no persistent reservations"));
  EXPECT_EQ(check(sv1, kSv1).kind, unreadable);
}

TEST_F(ScsiReservationTest, refuses_a_disk_that_cannot_reserve_for_registrants) {
  lun.offers.wero = false;
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("cannot reserve for registrants only"));
  EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
}

// tgt has all the rest.
TEST_F(ScsiReservationTest, refuses_a_disk_that_cannot_abort_before_anybody_is_to_be_preempted) {
  lun.has_preempt_and_abort = false;
  const auto taken = take(sv1, kSv1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("(PREEMPT AND ABORT); protect this disk otherwise"));
  EXPECT_THAT(lun.registered_with(kSv1), IsEmpty());
  EXPECT_EQ(lun.reservation(), std::nullopt);
}

TEST_F(ScsiReservationTest, a_taker_that_is_preempted_is_told_by_whom_whatever_the_target_says) {
  lun.reserving_unregistered_conflicts = false;
  FakeLun before_reserving = lun;
  Steps<Taken> taking({"sv1 a", "sv1 b"}, [](ScsiPaths paths) { return take(paths, kSv1); });
  for (Steps<Taken> next = taking; !lun.reservation(); next.step(lun)) {
    taking = next;
    before_reserving = lun;
  }
  lun = before_reserving;
  ASSERT_TRUE(take(sv2, key_of(kNode2, 7)));
  while (!taking.result()) taking.step(lun);
  ASSERT_FALSE(*taking.result());
  EXPECT_EQ(taking.result()->error().what, "sv1 a was taken by node 2 (epoch 7) meanwhile");
}

TEST_F(ScsiReservationTest, a_machine_whose_new_session_is_refused_is_told_so_and_another_takes) {
  lun.mixes_up_sessions = true;
  ASSERT_TRUE(take(fake_paths(lun, {"sv1 a"}), kSv1));
  const auto taken = take(fake_paths(lun, {"sv1 b"}), key_of(kNode1, 9));
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what,
              HasSubstr("sv1 b still is node 1 (epoch 7)'s and refuses this node"));
  EXPECT_THAT(lun.registered_with(key_of(kNode1, 9)), IsEmpty());
  EXPECT_EQ(take(sv2, key_of(kNode2, 9)), (std::vector{KeyOwner{kNode1, 7}}));
}

TEST_F(ScsiReservationTest, finding_out_whether_a_disk_can_abort_preempts_nobody) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto generation = lun.read_keys("sv1 a")->generation;
  for (const auto* nexus : {"sv1 a", "sv2 a"}) {
    const auto tried = lun.reserve_out(
        nexus, {.action = ReserveAction::preempt_and_abort, .key = {}, .service_action_key = kSv1});
    EXPECT_EQ(tried.error().refusal, ScsiRefusal::conflict);
  }
  EXPECT_EQ(lun.read_keys("sv1 a")->generation, generation);
  EXPECT_EQ(check(sv1, kSv1).kind, intact);
}

TEST_F(ScsiReservationTest, a_session_that_the_disk_does_not_take_for_the_holders_is_lost) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto after_a_reboot = fake_paths(lun, {"sv1 c", "sv1 d"});
  for (const Standing& standing : {check(after_a_reboot, kSv1), mend(after_a_reboot, kSv1)}) {
    EXPECT_EQ(standing.kind, lost);
    EXPECT_THAT(standing.because, HasSubstr("another session (ISID)"));
  }
  EXPECT_EQ(check(sv1, kSv1).kind, intact) << "to ask changes nothing";
}

TEST_F(ScsiReservationTest, a_session_that_the_disk_mixes_up_with_the_holders_is_lost_too) {
  lun.mixes_up_sessions = true;
  ASSERT_TRUE(take(fake_paths(lun, {"sv1 a"}), kSv1));
  EXPECT_EQ(check(fake_paths(lun, {"sv1 b"}), kSv1).kind, lost);
}

TEST_F(ScsiReservationTest, what_another_session_holds_is_not_said_to_be_given_back) {
  ASSERT_TRUE(take(sv1, kSv1));
  const auto given = give_back(fake_paths(lun, {"sv1 c", "sv1 d"}), kSv1);
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().what, HasSubstr("sv1 c keeps node 1 (epoch 7) registered"));
}

}  // namespace
}  // namespace tasuki::guard
