// Command lines and what they mean. A wrong one is told in its first line.
#include "cluster/arm/command_line.hpp"

#include <gmock/gmock.h>

#include "kit/text.hpp"

namespace tasuki::arm {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Command parsed(const std::string& name, const Words& words) {
  const auto command = parse(name, words);
  EXPECT_TRUE(command) << command.error().what;
  return command.value_or(Delay{});
}
std::string problem(const std::string& name, const Words& words) {
  const auto command = parse(name, words);
  if (command) return "";
  return std::string(split(command.error().what, '\n').front());
}

TEST(CommandLine, of_armload_in_any_case) {
  Load load;
  load.id = "StarOffice";
  load.service = "Star Office";
  load.on_end = OnEnd::fail_over;
  EXPECT_EQ(parsed("ARMLoad", {"StarOffice", "/S", "/M", "Star Office"}), Command(load));
  EXPECT_EQ(parsed("armload", {"StarOffice", "/m", "/s", "Star Office"}), Command(load));
  load.on_end = OnEnd::restart;
  load.restarts = 3;
  EXPECT_EQ(parsed("ARMLOAD", {"StarOffice", "/S", "/M", "/R", "3", "Star Office"}), Command(load));
  EXPECT_EQ(parsed("ARMLOAD", {"StarOffice", "/S", "/R", "3", "/M", "Star Office"}), Command(load));
  load.reset_after_h = 24;
  load.through_scripts = true;
  load.wait_s = 5;
  load.interval_s = 7;
  load.take_running = true;
  EXPECT_EQ(parsed("ARMLOAD", {"StarOffice", "/S", "/A", "/R", "3", "/H", "24", "/SCR", "/WAIT",
                               "5", "/INT", "7", "Star Office"}),
            Command(load));
}

TEST(CommandLine, of_armload_for_a_program_whose_path_is_no_option) {
  Load load;
  load.id = "job";
  load.user = "nobody";
  load.wait_for_end = true;
  load.command = {"/bin/job", "/W", "/M"};
  EXPECT_EQ(parsed("ARMLOAD", {"job", "/U", "nobody", "/W", "/bin/job", "/W", "/M"}),
            Command(load));
}

TEST(CommandLine, of_armload_that_makes_no_sense) {
  EXPECT_EQ(problem("ARMLOAD", {}), "the id of the watch is missing");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/M"}), "the service is missing");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/M"}), "the program is missing");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/X", "s"}), "not expected: /X");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "s", "t"}), "not expected: t");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/R", "0", "s"}),
            "/R takes a number from 1 to 9, not \"0\"");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/R", "10", "s"}),
            "/R takes a number from 1 to 9, not \"10\"");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/R", "2", "/H", "25", "s"}),
            "/H takes a number from 1 to 24, not \"25\"");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/H", "1", "s"}),
            "/H, /SCR, /WAIT and /INT belong to /R");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/A", "/bin/x"}), "/A belongs to /S");
  EXPECT_EQ(problem("ARMLOAD", {"A", "/S", "/W", "s"}),
            "/U and /W are for programs, not for a service");
}

TEST(CommandLine, of_armloadc) {
  EXPECT_EQ(parsed("ARMLoadC", {"A", "/W", "PAUSE"}), Command(Pause{"A", {}}));
  EXPECT_EQ(parsed("ARMLoadC", {"A", "/w", "pause", "/LIMIT", "2h"}), Command(Pause{"A", 2h}));
  EXPECT_EQ(parsed("ARMLoadC", {"A", "/W", "continu"}), Command(Continue{"A"}));
  EXPECT_EQ(problem("ARMLOADC", {"A", "PAUSE"}), "/W is missing");
  EXPECT_EQ(problem("ARMLOADC", {"A", "/W", "STOP"}), "/W takes PAUSE or CONTINUE, not \"STOP\"");
}

TEST(CommandLine, of_words_for_people) {
  EXPECT_EQ(parsed("ARMBcast", {"/MSG", "it starts", "/A"}), Command(Broadcast{"it starts", true}));
  EXPECT_EQ(parsed("ARMBROADCAST", {"/a", "/msg", "x"}), Command(Broadcast{"x", true}));
  EXPECT_EQ(problem("ARMBCAST", {"/A"}), "/MSG is missing");
  EXPECT_EQ(parsed("ARMLOG", {"a word"}), Command(Log{"a word"}));
  EXPECT_EQ(problem("ARMLOG", {"a", "word"}), "not expected: word");
}

TEST(CommandLine, of_the_small_ones) {
  EXPECT_EQ(parsed("ARMSLEEP", {"30"}), Command(Sleep{30s}));
  EXPECT_EQ(problem("ARMSLEEP", {"-1"}), "ARMSLEEP takes a number from 0 to 86400, not \"-1\"");
  EXPECT_EQ(parsed("ARMKILL", {"A"}), Command(Kill{"A"}));
  EXPECT_EQ(parsed("ARMGETCD", {"A"}), Command(GetExitCode{"A"}));
  EXPECT_EQ(parsed("ARMDELAY", {"/x", "y"}), Command(Delay{}));
}

TEST(CommandLine, of_net) {
  EXPECT_EQ(parsed("net", {"start"}), Command(NetList{}));
  EXPECT_EQ(parsed("NET", {"START", "Star Office"}), Command(NetStart{"Star Office"}));
  EXPECT_EQ(parsed("net", {"stop", "Star", "Office", "/y"}), Command(NetStop{"Star Office"}));
  EXPECT_EQ(problem("net", {"use"}), "net knows start and stop here");
  EXPECT_EQ(problem("net", {"stop"}), "the service is missing");
}

TEST(CommandLine, of_a_command_that_is_misspelled) {
  EXPECT_EQ(problem("ARMBICAST", {}), "there is no command ARMBICAST; did you mean ARMBCAST?");
}

}  // namespace
}  // namespace tasuki::arm
