// The whole screen in its main situations, as it appears.
#include "cluster/cli/status_text.hpp"

#include <gmock/gmock.h>

#include "cluster/cli/testing.hpp"

namespace tasuki::cli {
namespace {

TEST(StatusText, a_healthy_cluster) {
  EXPECT_EQ(print_status(healthy_status(), Screen{}),
            "Cluster office: all is well.\n"
            "\n"
            "  group  state   on   since   next\n"
            "  db     online  sv1  3 days  sv2\n"
            "  web    online  sv2  3 min   sv1\n"
            "\n"
            "  node  state   since\n"
            "  sv1   online  5 days  this node\n"
            "  sv2   online  2 h\n"
            "\n"
            "  seen from sv1 at 14:03:22 · may decide · configuration 3 (5f3a1c2d) ·\n"
            "  witness 10.0.0.9 votes\n");
}

TEST(StatusText, a_lost_node_whose_group_was_taken_over) {
  Json status = healthy_status();
  status["health"] = "degraded";
  status["problems"] =
      Json::array({"sv2 is lost; nothing can move to it until it is back. Look whether it has "
                   "power and network, then switch it on"});
  status["nodes"][1]["state"] = "off";
  status["nodes"][1]["since"] = "2026-10-05T14:02:55Z";
  status["nodes"][1]["proof"] = "power off";
  status["groups"][0]["next"] = nullptr;
  status["groups"][1]["next"] = nullptr;
  status["groups"][1]["node"] = "sv1";
  status["groups"][1]["since"] = "2026-10-05T14:02:56Z";
  status["witness"]["votes"] = false;
  status["locked"] = true;
  EXPECT_EQ(print_status(status, Screen{}),
            "Cluster office: it works, but needs attention.\n"
            "\n"
            "  ! sv2 is lost; nothing can move to it until it is back. Look whether it has\n"
            "    power and network, then switch it on\n"
            "\n"
            "  group  state   on   since   next\n"
            "  db     online  sv1  3 days  nobody\n"
            "  web    online  sv1  26 s    nobody  home is sv2\n"
            "\n"
            "  node  state   since\n"
            "  sv1   online  5 days  this node\n"
            "  sv2   off     27 s    has let go of its groups (power off)\n"
            "\n"
            "  seen from sv1 at 14:03:22 · may decide · configuration 3 (5f3a1c2d) ·\n"
            "  witness 10.0.0.9 does NOT vote · LOCKED: no group moves by itself\n");
}

TEST(StatusText, what_scripts_have_started_and_who_watches_it) {
  Json status = healthy_status();
  const auto watch = [](const char* id, const char* state, bool paused, const char* until, int n) {
    return Json{{"id", id},         {"what", "Star Office"}, {"state", state},
                {"paused", paused}, {"paused_until", until}, {"restarts", n}};
  };
  status["groups"][0]["watches"] = {watch("StarOffice", "running", false, "", 0),
                                    watch("Mail", "stopped", true, "2026-10-05T15:03:23Z", 1),
                                    watch("", "running", false, "", 0)};
  EXPECT_THAT(print_status(status, Screen{}),
              testing::HasSubstr(
                  "\n"
                  "  watch       of           group  state\n"
                  "  StarOffice  Star Office  db     running\n"
                  "  Mail        Star Office  db     stopped, paused  nobody watches it for 1 h;\n"
                  "                                                   started again 1 times\n"
                  "  -           Star Office  db     running\n"));
}

TEST(StatusText, a_failed_group_says_where_and_why) {
  Json status = healthy_status();
  status["health"] = "down";
  status["problems"] =
      Json::array({"group db is failed: it could not be started on any node. Repair the "
                   "cause, then say: tasuki group retry db"});
  status["groups"][0].update({{"state", "failed"},
                              {"node", nullptr},
                              {"since", "2026-10-05T14:03:00Z"},
                              {"next", nullptr},
                              {"reason", "it could not be started on any node"}});
  status["groups"][0]["failures"] = {
      {{"node", "sv1"}, {"reason", "partition-1: mount /data: no such device"}},
      {{"node", "sv2"}, {"reason", "postgres ended with 1 before it was ready"}}};
  EXPECT_EQ(print_status(status, Screen{}),
            "Cluster office: not everything runs.\n"
            "\n"
            "  ! group db is failed: it could not be started on any node. Repair the cause,\n"
            "    then say: tasuki group retry db\n"
            "\n"
            "  group  state   on   since  next\n"
            "  db     failed  -    22 s   nobody\n"
            "  web    online  sv2  3 min  sv1\n"
            "\n"
            "  node  state   since\n"
            "  sv1   online  5 days  this node\n"
            "  sv2   online  2 h\n"
            "\n"
            "  seen from sv1 at 14:03:22 · may decide · configuration 3 (5f3a1c2d) ·\n"
            "  witness 10.0.0.9 votes\n");
}

TEST(StatusText, a_node_that_may_not_decide_says_so) {
  Json status = healthy_status();
  status.update({{"health", "down"},
                 {"quorate", false},
                 {"right_to_decide", false},
                 {"informed", false},
                 {"stale", true},
                 {"witness", nullptr},
                 {"lease_disk", {{"device", "/dev/lease"}, {"works", false}}}});
  status["nodes"][1].update({{"state", "lost"}, {"note", "fence_ipmilan: no answer"}});
  const auto text = print_status(status, Screen{});
  EXPECT_THAT(text, testing::HasSubstr(
                        "  sv2   lost    2 h     no proof yet that it let go of its groups;\n"
                        "                        fence_ipmilan: no answer\n"));
  EXPECT_THAT(
      text, testing::HasSubstr(
                "  seen from sv1 at 14:03:22 · NO right to decide · configuration 3 (5f3a1c2d) ·\n"
                "  lease disk /dev/lease does NOT work · NO quorum ·\n"
                "  this node may have MISSED changes\n"));
}

TEST(StatusText, resources_that_are_not_up_are_named_while_a_group_starts) {
  Json status = healthy_status();
  status["groups"][0]["state"] = "starting";
  status["groups"][0]["reason"] = "sv2 was lost";
  status["groups"][0]["resources"][1] = {
      {"name", "postgres"}, {"kind", "service"}, {"state", "starting"}, {"detail", ""}};
  EXPECT_THAT(print_groups(status, Screen{}),
              testing::HasSubstr("  db     starting  sv1  3 days  sv2   sv2 was lost; postgres is "
                                 "starting\n"));
}

TEST(StatusText, services_of_every_node_have_their_table) {
  Json status = healthy_status();
  status["services"] = {
      {{"name", "app"}, {"node", "sv1"}, {"state", "up"}},
      {{"name", "app"}, {"node", "sv2"}, {"state", "failed"}, {"detail", "ended"}}};
  EXPECT_THAT(print_status(status, Screen{}),
              testing::HasSubstr("  service  node  state\n"
                                 "  app      sv1   up\n"
                                 "  app      sv2   failed  ended\n"));
}

TEST(StatusText, a_side_that_lacks_news_may_not_decide_yet) {
  Json status = healthy_status();
  status["informed"] = false;
  EXPECT_THAT(print_status(status, {.unicode = false}),
              testing::HasSubstr("may decide NOTHING before it knows the newest state"));
}

TEST(StatusText, colours_and_ascii_follow_the_screen) {
  EXPECT_THAT(print_status(healthy_status(), {.colour = true}),
              testing::StartsWith("Cluster office: \x1b[32mall is well.\x1b[0m\n"));
  const auto ascii = print_status(healthy_status(), {.unicode = false});
  EXPECT_TRUE(std::ranges::all_of(ascii, [](char c) { return c > 0; })) << ascii;
  EXPECT_THAT(ascii, testing::HasSubstr("14:03:22, may decide, configuration 3"));
}

}  // namespace
}  // namespace tasuki::cli
