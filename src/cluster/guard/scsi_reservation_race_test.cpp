// What happens when another node acts, or this one dies, between any two commands.
#include <functional>
#include <set>

#include <gmock/gmock.h>

#include "cluster/guard/scsi_fake.hpp"
#include "cluster/guard/scsi_reservation.hpp"
#include "cluster/guard/scsi_steps.hpp"

namespace tasuki::guard {
namespace {

using testing::IsEmpty;

const ReservationKey kDead = key_of(core::NodeId(3), 6);
const ReservationKey kSv1 = key_of(core::NodeId(1), 7);
const ReservationKey kSv2 = key_of(core::NodeId(2), 7);
const std::vector<std::string> kPathsOfSv1{"sv1 a", "sv1 b"};
const std::vector<std::string> kPathsOfSv2{"sv2 a", "sv2 b"};

// What a call told its caller.
struct Told {
  bool has_disk = false;
  bool is_alone = false;  // nobody else is registered
};

// A node with a call under way.
struct Player {
  ReservationKey key;
  std::vector<std::string> paths;
  Steps<Told> call;
  bool may_open = false;  // the call is one that gives the disk up
};

Player taking(ReservationKey key, const std::vector<std::string>& paths) {
  return {key, paths, {paths, [key](ScsiPaths given) {
                         const bool taken = take(given, key).has_value();
                         return Told{.has_disk = taken, .is_alone = taken};
                       }}};
}

Player mending(ReservationKey key, const std::vector<std::string>& paths) {
  return {key, paths, {paths, [key](ScsiPaths given) {
                         const Standing standing = mend(given, key);
                         const bool intact = standing.kind == Standing::Kind::intact;
                         return Told{intact, intact && standing.others.empty()};
                       }}};
}

Player giving_back(ReservationKey key, const std::vector<std::string>& paths) {
  return {key,
          paths,
          {paths,
           [key](ScsiPaths given) {
             EXPECT_TRUE(give_back(given, key));
             return Told{};
           }},
          true};
}

Player taking_and_giving_back(ReservationKey key, const std::vector<std::string>& paths) {
  return {key,
          paths,
          {paths,
           [key](ScsiPaths given) {
             EXPECT_TRUE(take(given, key));
             EXPECT_TRUE(give_back(given, key));
             return Told{};
           }},
          true};
}

FakeLun nobodys(bool aptpl = true) {
  FakeLun lun;
  lun.offers.aptpl = aptpl;
  for (const auto* nexus : {"stranger", "sv1 a", "sv1 b", "sv2 a", "sv2 b", "sv3 a"})
    lun.connect(nexus);
  return lun;
}

FakeLun owned_by(ReservationKey key, const std::vector<std::string>& paths, bool aptpl = true) {
  FakeLun lun = nobodys(aptpl);
  EXPECT_TRUE(take(fake_paths(lun, paths), key));
  return lun;
}

Standing::Kind standing_of(const FakeLun& lun, const Player& player) {
  FakeLun later = lun;
  return check(fake_paths(later, player.paths), player.key).kind;
}

// The rules of every moment: what was closed to strangers stays closed, and what a call tells is
// true when it tells it.
void step_by_the_rules(FakeLun& lun, Player& player, ReservationKey rival) {
  const bool was_reserved = lun.reservation().has_value();
  player.call.step(lun);
  if (was_reserved && !player.may_open) {
    ASSERT_TRUE(lun.reservation());
    ASSERT_FALSE(lun.takes_writes_of("stranger"));
  }
  const auto& told = player.call.result();
  if (told && told->has_disk) {
    ASSERT_EQ(lun.reservation()->key, player.key);
  }
  if (told && told->is_alone) {
    ASSERT_THAT(lun.registered_with(rival), IsEmpty());
  }
}

using AtTheEnd = std::function<void(const FakeLun&, const Player&, const Player&)>;

// Tries every order in which the commands of two calls can reach the disk. Orders that led to the
// same disk and the same answers have the same future, which is looked at once.
class EveryOrder {
 public:
  explicit EveryOrder(AtTheEnd at_the_end) : at_the_end_(std::move(at_the_end)) {}

  void explore(const FakeLun& lun, const Player& one, const Player& two) {
    const std::string moment =
        lun.describe() + "\n" + one.call.describe() + "\n" + two.call.describe();
    if (!moments_.insert(moment).second) return;
    SCOPED_TRACE(moment);
    if (one.call.result() && two.call.result()) {
      ++ends_;
      ASSERT_NO_FATAL_FAILURE(at_the_end_(lun, one, two));
    }
    if (!one.call.result()) {
      FakeLun next = lun;
      Player stepped = one;
      ASSERT_NO_FATAL_FAILURE(step_by_the_rules(next, stepped, two.key));
      ASSERT_NO_FATAL_FAILURE(explore(next, stepped, two));
    }
    if (!two.call.result()) {
      FakeLun next = lun;
      Player stepped = two;
      ASSERT_NO_FATAL_FAILURE(step_by_the_rules(next, stepped, one.key));
      ASSERT_NO_FATAL_FAILURE(explore(next, one, stepped));
    }
  }

  [[nodiscard]] size_t ends() const { return ends_; }

 private:
  AtTheEnd at_the_end_;
  std::set<std::string> moments_;
  size_t ends_ = 0;
};

void expect_in_every_order(const FakeLun& lun, const Player& one, const Player& two,
                           AtTheEnd at_the_end) {
  EveryOrder orders(std::move(at_the_end));
  orders.explore(lun, one, two);
  EXPECT_GT(orders.ends(), 10U);
}

// The loser may have been told earlier that it has the disk, when it did; now it finds out.
void expect_winner(const FakeLun& lun, const Player& winner, const Player& loser) {
  ASSERT_TRUE(winner.call.result()->has_disk);
  ASSERT_EQ(standing_of(lun, winner), Standing::Kind::intact);
  ASSERT_EQ(standing_of(lun, loser), Standing::Kind::lost);
  for (const std::string& path : loser.paths) ASSERT_FALSE(lun.takes_writes_of(path));
}

void expect_one_winner(const FakeLun& lun, const Player& one, const Player& two) {
  ASSERT_TRUE(lun.reservation());
  if (lun.reservation()->key == one.key)
    expect_winner(lun, one, two);
  else
    expect_winner(lun, two, one);
}

void expect_second_wins(const FakeLun& lun, const Player& one, const Player& two) {
  expect_winner(lun, two, one);
}

TEST(ScsiReservationRaceTest, one_of_two_wins_the_disk_of_a_dead_node) {
  expect_in_every_order(owned_by(kDead, {"sv3 a"}), taking(kSv1, kPathsOfSv1),
                        taking(kSv2, kPathsOfSv2), expect_one_winner);
}

TEST(ScsiReservationRaceTest, one_of_two_wins_a_disk_that_is_nobodys) {
  expect_in_every_order(nobodys(), taking(kSv1, kPathsOfSv1), taking(kSv2, kPathsOfSv2),
                        expect_one_winner);
}

TEST(ScsiReservationRaceTest, one_of_two_wins_the_disk_that_one_of_them_has_already) {
  expect_in_every_order(owned_by(kSv1, kPathsOfSv1), taking(kSv1, kPathsOfSv1),
                        taking(kSv2, kPathsOfSv2), expect_one_winner);
}

TEST(ScsiReservationRaceTest, whoever_takes_wins_against_an_owner_that_mends_after_a_power_cut) {
  FakeLun lun = owned_by(kSv1, kPathsOfSv1, false);
  lun.cut_power();
  expect_in_every_order(lun, mending(kSv1, kPathsOfSv1), taking(kSv2, kPathsOfSv2),
                        expect_second_wins);
}

TEST(ScsiReservationRaceTest, whoever_takes_wins_against_an_owner_that_mends_a_path) {
  FakeLun lun = owned_by(kSv1, kPathsOfSv1);
  ASSERT_TRUE(lun.reserve_out(
      "sv1 b", {.action = ReserveAction::enroll, .key = kSv1, .service_action_key = {}}));
  expect_in_every_order(lun, mending(kSv1, kPathsOfSv1), taking(kSv2, kPathsOfSv2),
                        expect_second_wins);
}

TEST(ScsiReservationRaceTest, whoever_takes_wins_against_an_owner_that_gives_back) {
  expect_in_every_order(owned_by(kSv1, kPathsOfSv1), giving_back(kSv1, kPathsOfSv1),
                        taking(kSv2, kPathsOfSv2), expect_second_wins);
}

// What the visitor wrote is not what the owner remembers, so the owner must not go on.
void expect_first_found_out(const FakeLun& lun, const Player& one, const Player&) {
  ASSERT_EQ(standing_of(lun, one), Standing::Kind::lost);
  ASSERT_THAT(lun.registered_with(one.key), IsEmpty());
}

TEST(ScsiReservationRaceTest,
     an_owner_that_mends_finds_out_that_somebody_came_and_went_after_a_power_cut) {
  FakeLun lun = owned_by(kSv1, kPathsOfSv1, false);
  lun.cut_power();
  expect_in_every_order(lun, mending(kSv1, kPathsOfSv1), taking_and_giving_back(kSv2, kPathsOfSv2),
                        expect_first_found_out);
}

TEST(ScsiReservationRaceTest, an_owner_that_mends_a_path_finds_out_that_somebody_came_and_went) {
  FakeLun lun = owned_by(kSv1, kPathsOfSv1);
  ASSERT_TRUE(lun.reserve_out(
      "sv1 b", {.action = ReserveAction::enroll, .key = kSv1, .service_action_key = {}}));
  expect_in_every_order(lun, mending(kSv1, kPathsOfSv1), taking_and_giving_back(kSv2, kPathsOfSv2),
                        expect_first_found_out);
}

// The call goes so far and no further; then sv2 takes the disk.
void expect_taken_from_a_node_that_died_anywhere(const FakeLun& lun, const Player& dying) {
  Player first = dying;
  FakeLun then = lun;
  while (!first.call.result()) {
    FakeLun disk = then;
    Player second = taking(kSv2, kPathsOfSv2);
    while (!second.call.result())
      ASSERT_NO_FATAL_FAILURE(step_by_the_rules(disk, second, first.key))
          << first.call.describe() << "\n"
          << second.call.describe();
    ASSERT_NO_FATAL_FAILURE(expect_winner(disk, second, first)) << first.call.describe();
    ASSERT_FALSE(disk.takes_writes_of("sv3 a"));
    ASSERT_NO_FATAL_FAILURE(step_by_the_rules(then, first, kSv2));
  }
  EXPECT_GT(first.call.commands(), 2U);
}

TEST(ScsiReservationRaceTest, a_node_that_dies_while_it_takes_is_taken_over_from_at_every_command) {
  expect_taken_from_a_node_that_died_anywhere(nobodys(), taking(kSv1, kPathsOfSv1));
  expect_taken_from_a_node_that_died_anywhere(owned_by(kDead, {"sv3 a"}),
                                              taking(kSv1, kPathsOfSv1));
}

TEST(ScsiReservationRaceTest, a_node_that_dies_while_it_mends_is_taken_over_from_at_every_command) {
  FakeLun lun = owned_by(kSv1, kPathsOfSv1, false);
  lun.cut_power();
  expect_taken_from_a_node_that_died_anywhere(lun, mending(kSv1, kPathsOfSv1));
}

TEST(ScsiReservationRaceTest,
     a_node_that_dies_while_it_gives_back_is_taken_over_from_at_every_command) {
  expect_taken_from_a_node_that_died_anywhere(owned_by(kSv1, kPathsOfSv1),
                                              giving_back(kSv1, kPathsOfSv1));
}

}  // namespace
}  // namespace tasuki::guard
