// The fake keeps the rules that the reservation's tests rest on, each with its clause in SPC-4.
#include "cluster/guard/scsi_fake.hpp"

#include <gmock/gmock.h>

namespace tasuki::guard {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ReserveAction;

constexpr auto kWero = ReservationType::write_exclusive_registrants_only;
const ReservationKey kNone(0);
const ReservationKey kOne(0x11);
const ReservationKey kTwo(0x22);

class ScsiFakeTest : public testing::Test {
 protected:
  ScsiFakeTest() {
    for (const auto* nexus : {"a", "b", "c"}) lun.connect(nexus);
  }

  ScsiAnswer<void> enroll_as(const std::string& nexus, ReservationKey key,
                             ReservationKey old = kNone, bool aptpl = false) {
    return lun.reserve_out(
        nexus, {.action = enroll, .key = old, .service_action_key = key, .aptpl = aptpl});
  }
  ScsiAnswer<void> reserve_as(const std::string& nexus, ReservationKey key,
                              ReservationType type = kWero) {
    return lun.reserve_out(
        nexus, {.action = reserve, .type = type, .key = key, .service_action_key = kNone});
  }
  ScsiAnswer<void> preempt_as(const std::string& nexus, ReservationKey key, ReservationKey victim,
                              ReservationType type = kWero) {
    return lun.reserve_out(
        nexus,
        {.action = preempt_and_abort, .type = type, .key = key, .service_action_key = victim});
  }
  uint32_t generation() { return lun.read_keys("c")->generation; }

  FakeLun lun;
};

ScsiRefusal refusal(const ScsiAnswer<void>& answer) {
  return answer.error().refusal;
}

// 5.12.7
TEST_F(ScsiFakeTest, registering_needs_the_key_that_the_nexus_has) {
  EXPECT_EQ(refusal(enroll_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(enroll_as("a", kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(enroll_as("a", kTwo, kOne));
  EXPECT_THAT(lun.read_keys("b")->keys, ElementsAre(kTwo));
}

// 5.12.7
TEST_F(ScsiFakeTest, registering_can_ignore_the_key_that_the_nexus_has) {
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_TRUE(lun.reserve_out("a", {.action = enroll_ignoring_existing_key,
                                    .key = ReservationKey(0x99),
                                    .service_action_key = kTwo}));
  EXPECT_THAT(lun.read_keys("b")->keys, ElementsAre(kTwo));
}

// 5.12.7
TEST_F(ScsiFakeTest, the_holder_that_changes_its_key_stays_the_holder) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("a", kTwo, kOne));
  EXPECT_EQ(lun.reservation(), (Holder{kTwo, kWero}));
}

// 5.12.6.2
TEST_F(ScsiFakeTest, tells_a_key_for_each_nexus_that_has_it) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  EXPECT_THAT(lun.read_keys("c")->keys, ElementsAre(kOne, kOne));
}

// 5.12.9
TEST_F(ScsiFakeTest, only_a_registrant_reserves) {
  EXPECT_EQ(refusal(reserve_as("a", kOne)), ScsiRefusal::conflict);
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(reserve_as("a", kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(reserve_as("a", kOne));
}

// 5.12.9
TEST_F(ScsiFakeTest, only_the_holder_reserves_again_and_only_as_it_did) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  EXPECT_TRUE(reserve_as("a", kOne));
  EXPECT_EQ(refusal(reserve_as("a", kOne, ReservationType::write_exclusive)),
            ScsiRefusal::conflict);
  EXPECT_EQ(refusal(reserve_as("b", kOne)), ScsiRefusal::conflict);
}

// 5.12.1
TEST_F(ScsiFakeTest, takes_writes_of_registrants_only_or_of_the_holder_only) {
  EXPECT_TRUE(lun.write("c"));
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(reserve_as("a", kOne));
  EXPECT_TRUE(lun.write("a"));
  EXPECT_TRUE(lun.write("b"));
  EXPECT_EQ(refusal(lun.write("c")), ScsiRefusal::conflict);
  ASSERT_TRUE(preempt_as("a", kOne, kOne, ReservationType::write_exclusive));
  EXPECT_TRUE(lun.write("a"));
  EXPECT_FALSE(lun.takes_writes_of("b"));
}

// 5.12.11.3
TEST_F(ScsiFakeTest, the_holders_unregistering_releases_and_the_others_hear_of_it) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("a", kNone, kOne));
  EXPECT_EQ(lun.reservation(), std::nullopt);
  EXPECT_EQ(lun.write("b").error(), (ScsiFailure{ScsiRefusal::unit_attention, "2Ah/04h released"}));
  EXPECT_TRUE(lun.write("b"));
  EXPECT_TRUE(lun.write("c"));
}

// 5.12.11.3
TEST_F(ScsiFakeTest, anothers_unregistering_releases_nothing_even_with_the_holders_key) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kNone, kOne));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
}

// 5.12.11.2
TEST_F(ScsiFakeTest, only_the_holder_releases) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(reserve_as("a", kOne));
  EXPECT_TRUE(lun.reserve_out("b", {.action = release, .key = kTwo, .service_action_key = kNone}));
  EXPECT_TRUE(lun.reservation());
  EXPECT_TRUE(lun.reserve_out("a", {.action = release, .key = kOne, .service_action_key = kNone}));
  EXPECT_EQ(lun.reservation(), std::nullopt);
  EXPECT_THAT(lun.registered_with(kOne), ElementsAre("a"));
  EXPECT_EQ(refusal(lun.write("b")), ScsiRefusal::unit_attention);
}

// 5.12.11.4.3
TEST_F(ScsiFakeTest,
       preempting_the_holder_moves_the_reservation_and_removes_every_nexus_with_its_key) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  ASSERT_TRUE(reserve_as("b", kOne));
  ASSERT_TRUE(enroll_as("c", kTwo));
  ASSERT_TRUE(preempt_as("c", kTwo, kOne));
  EXPECT_EQ(lun.reservation(), (Holder{kTwo, kWero}));
  EXPECT_THAT(lun.registered_with(kOne), IsEmpty());
  for (const auto* nexus : {"a", "b"}) {
    EXPECT_EQ(lun.write(nexus).error(),
              (ScsiFailure{ScsiRefusal::preempted, "2Ah/05h registrations preempted"}));
    EXPECT_EQ(refusal(lun.write(nexus)), ScsiRefusal::conflict);
  }
}

// 5.12.11.4.4
TEST_F(ScsiFakeTest, preempting_another_registrant_leaves_the_reservation_where_it_is) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(preempt_as("a", kOne, kTwo));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
  EXPECT_THAT(lun.registered_with(kTwo), IsEmpty());
}

// 5.12.11.4.1 and 5.12.11.4.4
TEST_F(ScsiFakeTest, preempting_needs_a_registrant_and_a_key_that_somebody_has) {
  EXPECT_EQ(refusal(preempt_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(preempt_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  EXPECT_EQ(refusal(preempt_as("a", kOne, kNone)), ScsiRefusal::other);
}

// 5.12.11.6
TEST_F(ScsiFakeTest, clearing_removes_everything_and_the_others_hear_of_it) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(lun.clear("b", kTwo));
  EXPECT_THAT(lun.read_keys("b")->keys, IsEmpty());
  EXPECT_EQ(lun.reservation(), std::nullopt);
  EXPECT_EQ(lun.write("a").error(),
            (ScsiFailure{ScsiRefusal::preempted, "2Ah/03h reservations preempted"}));
}

// 6.15.2
TEST_F(ScsiFakeTest, the_generation_counts_what_changes_registrations) {
  EXPECT_EQ(generation(), 0U);
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  EXPECT_EQ(generation(), 2U);
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_FALSE(reserve_as("b", kTwo));
  ASSERT_FALSE(enroll_as("b", kTwo));
  EXPECT_EQ(generation(), 2U);
  ASSERT_TRUE(preempt_as("a", kOne, kTwo));
  EXPECT_EQ(generation(), 3U);
}

// 5.12.5.1
TEST_F(ScsiFakeTest, a_power_cut_forgets_unless_the_last_registration_asked_to_keep) {
  ASSERT_TRUE(enroll_as("a", kOne, kNone, true));
  ASSERT_TRUE(reserve_as("a", kOne));
  lun.cut_power();
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
  EXPECT_EQ(refusal(lun.write("a")), ScsiRefusal::unit_attention);
  EXPECT_TRUE(lun.write("a"));

  ASSERT_FALSE(enroll_as("b", kTwo));  // the power cut's unit attention
  ASSERT_TRUE(enroll_as("b", kTwo));
  lun.cut_power();
  EXPECT_EQ(lun.reservation(), std::nullopt);
  EXPECT_THAT(lun.registered_with(kOne), IsEmpty());
}

// 6.16.3
TEST_F(ScsiFakeTest, refuses_to_keep_what_it_cannot_keep) {
  lun.offers.aptpl = false;
  EXPECT_EQ(refusal(enroll_as("a", kOne, kNone, true)), ScsiRefusal::other);
}

// 5.12.5.1
TEST_F(ScsiFakeTest, a_reset_forgets_nothing) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  lun.reset();
  EXPECT_EQ(lun.write("a").error(), (ScsiFailure{ScsiRefusal::unit_attention, "29h/02h reset"}));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
}

// SPC-4 5.12.3 speaks of the exceptions; this target makes none.
TEST_F(ScsiFakeTest, what_is_reserved_the_old_way_is_a_conflict_to_all) {
  lun.reserve_the_old_way();
  EXPECT_EQ(refusal(enroll_as("a", kOne)), ScsiRefusal::conflict);
  EXPECT_EQ(lun.read_keys("a").error().refusal, ScsiRefusal::conflict);
}

TEST_F(ScsiFakeTest, a_path_that_fails_answers_nothing) {
  lun.fail("a");
  EXPECT_EQ(refusal(enroll_as("a", kOne)), ScsiRefusal::gone);
  lun.restore("a");
  EXPECT_TRUE(enroll_as("a", kOne));
}

}  // namespace
}  // namespace tasuki::guard
