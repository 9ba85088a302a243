#include "cluster/cli/explain_text.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace tasuki::cli {
namespace {

const Json kGroup{{"kind", "group"},
                  {"name", "db"},
                  {"verdict", "group db is online on sv2: taken over from sv1 by sv2"},
                  {"facts", {"it starts by itself (autostart)"}},
                  {"rule", "a group stays where it runs"},
                  {"refused", {"sv1: is not in the cluster"}},
                  {"proof", {"used: the power of sv1 was switched off"}},
                  {"remedies", Json::array()},
                  {"last_failover", nullptr}};

TEST(ExplainText, what_there_is_nothing_to_say_about_is_left_out) {
  EXPECT_EQ(print_explanations({{"explanations", {kGroup}}}, {}),
            "group db is online on sv2: taken over from sv1 by sv2\n"
            "\nWhat is known\n  - it starts by itself (autostart)\n"
            "\nThe rule\n  - a group stays where it runs\n"
            "\nThe other servers\n  - sv1: is not in the cluster\n"
            "\nProof\n  - used: the power of sv1 was switched off\n");
}

TEST(ExplainText, a_group_and_a_server_of_one_name_are_both_explained) {
  Json node = kGroup;
  node["kind"] = "node";
  node["verdict"] = "db is online";
  const std::string text = print_explanations({{"explanations", {kGroup, node}}}, {});
  EXPECT_NE(text.find("\n\ndb is online\n"), std::string::npos);
  EXPECT_NE(text.find("\nOther groups\n"), std::string::npos);
}

TEST(ExplainText, the_last_start_is_shown_as_its_timeline) {
  setenv("TZ", "UTC", 1);
  Json group = kGroup;
  group["last_failover"] = {{"group", "db"},
                            {"from", "sv1"},
                            {"to", "sv2"},
                            {"reason", "sv1 was lost"},
                            {"started", "2026-10-05T14:03:22.250Z"},
                            {"steps", {{{"name", "proof (power off)"}, {"ms", 12.3}}}},
                            {"total_ms", 12.3}};
  EXPECT_NE(print_explanations({{"explanations", {group}}}, {})
                .find("\nIts last start\ndb sv1 → sv2, 2026-10-05 14:03:22: sv1 was lost\n"
                      "  proof (power off) +12"),
            std::string::npos);
}

}  // namespace
}  // namespace tasuki::cli
