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
TEST_F(ScsiFakeTest, RegisteringNeedsTheKeyThatTheNexusHas) {
  EXPECT_EQ(refusal(enroll_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(enroll_as("a", kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(enroll_as("a", kTwo, kOne));
  EXPECT_THAT(lun.read_keys("b")->keys, ElementsAre(kTwo));
}

// 5.12.7
TEST_F(ScsiFakeTest, RegisteringCanIgnoreTheKeyThatTheNexusHas) {
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_TRUE(lun.reserve_out("a", {.action = enroll_ignoring_existing_key,
                                    .key = ReservationKey(0x99),
                                    .service_action_key = kTwo}));
  EXPECT_THAT(lun.read_keys("b")->keys, ElementsAre(kTwo));
}

// 5.12.7
TEST_F(ScsiFakeTest, TheHolderThatChangesItsKeyStaysTheHolder) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("a", kTwo, kOne));
  EXPECT_EQ(lun.reservation(), (Holder{kTwo, kWero}));
}

// 5.12.6.2
TEST_F(ScsiFakeTest, TellsAKeyForEachNexusThatHasIt) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  EXPECT_THAT(lun.read_keys("c")->keys, ElementsAre(kOne, kOne));
}

// 5.12.9
TEST_F(ScsiFakeTest, OnlyARegistrantReserves) {
  EXPECT_EQ(refusal(reserve_as("a", kOne)), ScsiRefusal::conflict);
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(reserve_as("a", kTwo)), ScsiRefusal::conflict);
  EXPECT_TRUE(reserve_as("a", kOne));
}

// 5.12.9
TEST_F(ScsiFakeTest, OnlyTheHolderReservesAgainAndOnlyAsItDid) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  EXPECT_TRUE(reserve_as("a", kOne));
  EXPECT_EQ(refusal(reserve_as("a", kOne, ReservationType::write_exclusive)),
            ScsiRefusal::conflict);
  EXPECT_EQ(refusal(reserve_as("b", kOne)), ScsiRefusal::conflict);
}

// 5.12.1
TEST_F(ScsiFakeTest, TakesWritesOfRegistrantsOnlyOrOfTheHolderOnly) {
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
TEST_F(ScsiFakeTest, TheHoldersUnregisteringReleasesAndTheOthersHearOfIt) {
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
TEST_F(ScsiFakeTest, AnothersUnregisteringReleasesNothingEvenWithTheHoldersKey) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kNone, kOne));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
}

// 5.12.11.2
TEST_F(ScsiFakeTest, OnlyTheHolderReleases) {
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
TEST_F(ScsiFakeTest, PreemptingTheHolderMovesTheReservationAndRemovesEveryNexusWithItsKey) {
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
TEST_F(ScsiFakeTest, PreemptingAnotherRegistrantLeavesTheReservationWhereItIs) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  ASSERT_TRUE(enroll_as("b", kTwo));
  ASSERT_TRUE(preempt_as("a", kOne, kTwo));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
  EXPECT_THAT(lun.registered_with(kTwo), IsEmpty());
}

// 5.12.11.4.1 and 5.12.11.4.4
TEST_F(ScsiFakeTest, PreemptingNeedsARegistrantAndAKeyThatSomebodyHas) {
  EXPECT_EQ(refusal(preempt_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  ASSERT_TRUE(enroll_as("a", kOne));
  EXPECT_EQ(refusal(preempt_as("a", kOne, kTwo)), ScsiRefusal::conflict);
  EXPECT_EQ(refusal(preempt_as("a", kOne, kNone)), ScsiRefusal::other);
}

// 5.12.11.6
TEST_F(ScsiFakeTest, ClearingRemovesEverythingAndTheOthersHearOfIt) {
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
TEST_F(ScsiFakeTest, TheGenerationCountsWhatChangesRegistrations) {
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
TEST_F(ScsiFakeTest, APowerCutForgetsUnlessTheLastRegistrationAskedToKeep) {
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
TEST_F(ScsiFakeTest, RefusesToKeepWhatItCannotKeep) {
  lun.offers.aptpl = false;
  EXPECT_EQ(refusal(enroll_as("a", kOne, kNone, true)), ScsiRefusal::other);
}

// 5.12.5.1
TEST_F(ScsiFakeTest, AResetForgetsNothing) {
  ASSERT_TRUE(enroll_as("a", kOne));
  ASSERT_TRUE(reserve_as("a", kOne));
  lun.reset();
  EXPECT_EQ(lun.write("a").error(), (ScsiFailure{ScsiRefusal::unit_attention, "29h/02h reset"}));
  EXPECT_EQ(lun.reservation(), (Holder{kOne, kWero}));
}

// SPC-4 5.12.3 speaks of the exceptions; this target makes none.
TEST_F(ScsiFakeTest, WhatIsReservedTheOldWayIsAConflictToAll) {
  lun.reserve_the_old_way();
  EXPECT_EQ(refusal(enroll_as("a", kOne)), ScsiRefusal::conflict);
  EXPECT_EQ(lun.read_keys("a").error().refusal, ScsiRefusal::conflict);
}

TEST_F(ScsiFakeTest, APathThatFailsAnswersNothing) {
  lun.fail("a");
  EXPECT_EQ(refusal(enroll_as("a", kOne)), ScsiRefusal::gone);
  lun.restore("a");
  EXPECT_TRUE(enroll_as("a", kOne));
}

}  // namespace
}  // namespace tasuki::guard
