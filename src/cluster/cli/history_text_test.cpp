#include "cluster/cli/history_text.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace tasuki::cli {
namespace {

class HistoryText : public testing::Test {
 protected:
  HistoryText() { setenv("TZ", "UTC", 1); }
};

Json step(const char* name, double ms) {
  return {{"name", name}, {"ms", ms}};
}

const Json kTimeline{
    {"failovers",
     {{{"group", "db"},
       {"from", "sv1"},
       {"to", "sv2"},
       {"reason", "sv1 was lost"},
       {"started", "2026-10-05T14:03:22.250Z"},
       {"steps",
        {step("detected", 0), step("decided", 0.84), step("proof (power off)", 12.3),
         step("partition-1", 48.4), step("floating-ip-1", 2), step("postgres", 31.2)}},
       {"total_ms", 94.74}}}}};

TEST_F(HistoryText, a_timeline_sums_up_its_steps) {
  EXPECT_EQ(print_timeline(kTimeline, {.width = 120}),
            "db sv1 → sv2, 2026-10-05 14:03:22: sv1 was lost\n"
            "  detected +0 · decided +0.8 · proof (power off) +12 · partition-1 +48 · "
            "floating-ip-1 +2 · postgres +31 ·\n"
            "  serving = 95 ms\n");
}

TEST_F(HistoryText, a_first_start_comes_from_nowhere) {
  Json timeline = kTimeline;
  timeline["failovers"][0]["from"] = "";
  timeline["failovers"][0]["steps"] = Json::array({step("decided", 1)});
  EXPECT_EQ(print_timeline(timeline, {.unicode = false}),
            "db sv2, 2026-10-05 14:03:22: sv1 was lost\n"
            "  decided +1, serving = 95 ms\n");
  EXPECT_EQ(print_timeline({{"failovers", Json::array()}}, {}), "No failover so far.\n");
}

TEST_F(HistoryText, an_event_is_one_line_whatever_its_text_holds) {
  const Json event{{"seq", 7},
                   {"time", "2026-10-05T14:03:22.250Z"},
                   {"node", "sv2"},
                   {"level", "warning"},
                   {"subject", "group db"},
                   {"text", "postgres said\n\x1b[2Jbye"}};
  EXPECT_EQ(print_event(event, {}), "2026-10-05 14:03:22 sv2 group db: postgres said  [2Jbye\n");
}

TEST_F(HistoryText, versions_are_a_table) {
  const Json history{{"versions",
                      {{{"counter", 2},
                        {"hash", "5f3a1c2d99"},
                        {"applied_at", "2026-10-05T14:03:22Z"},
                        {"applied_by", "root on sv1"}}}}};
  EXPECT_EQ(print_versions(history, {}),
            "  version  applied              hash      by\n"
            "  2        2026-10-05 14:03:22  5f3a1c2d  root on sv1\n");
}

TEST_F(HistoryText, changes_are_said_one_by_one) {
  EXPECT_EQ(
      print_changes(
          {{{"path", "group.db.policy"}, {"what", "group db: policy sv1 becomes sv1, sv2"}}}, {}),
      "This changes:\n"
      "  group db: policy sv1 becomes sv1, sv2\n");
  EXPECT_EQ(print_changes(Json::array(), {}), "Nothing changes.\n");
}

}  // namespace
}  // namespace tasuki::cli
