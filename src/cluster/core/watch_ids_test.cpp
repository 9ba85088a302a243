#include "cluster/core/watch_ids.hpp"

#include <gmock/gmock.h>

namespace tasuki::core {
namespace {

const GroupName kMail{"mail"};
const GroupName kWeb{"web"};

WatchReport watch(const std::string& id) {
  return {id, "a service", "running", false, "", 0};
}
GroupReport report(const GroupName& group, std::vector<WatchReport> watches) {
  return {group, 1, Phase::online, "", {}, std::move(watches), ""};
}
std::vector<std::string> ids_of(const std::vector<WatchReport>& watches) {
  std::vector<std::string> ids;
  for (const WatchReport& one : watches) ids.push_back(one.id);
  return ids;
}

TEST(WatchIds, are_short_and_not_of_the_reserved_kind) {
  EXPECT_TRUE(check_watch_id("StarOffice2"));
  EXPECT_TRUE(check_watch_id(std::string(kWatchIdBytesMax, 'x')));
  EXPECT_FALSE(check_watch_id(std::string(kWatchIdBytesMax + 1, 'x')));
  EXPECT_FALSE(check_watch_id(""));
  EXPECT_FALSE(check_watch_id("nec_Anything"));
  EXPECT_FALSE(check_watch_id("a\nb"));
}

TEST(WatchIds, the_first_group_that_reports_an_id_has_it) {
  State state;
  state.groups[kMail].watches = {watch("StarOffice")};
  state.groups[kWeb] = {};
  EXPECT_EQ(find_watch_owner(state, "STAROFFICE"), kMail);
  EXPECT_EQ(find_watch_owner(state, "StarOffice2"), std::nullopt);
  const auto accepted = accepted_watches(state, report(kWeb, {watch("staroffice"), watch("Web")}));
  EXPECT_THAT(ids_of(accepted), testing::ElementsAre("Web"));
}

TEST(WatchIds, a_group_keeps_its_own_and_services_without_an_id_collide_with_none) {
  State state;
  state.groups[kMail].watches = {watch("StarOffice"), watch("")};
  state.groups[kWeb] = {};
  EXPECT_EQ(accepted_watches(state, report(kMail, {watch("STAROFFICE"), watch("")})).size(), 2U);
  EXPECT_EQ(accepted_watches(state, report(kWeb, {watch("")})).size(), 1U);
}

}  // namespace
}  // namespace tasuki::core
