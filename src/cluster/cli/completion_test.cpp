#include "cluster/cli/completion.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "cluster/cli/command.hpp"
#include "cluster/cli/testing.hpp"

namespace tasuki::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A small tree with one of each kind.
Command make_tree() {
  const auto option = [](const char* name, const char* value, bool optional = false) {
    Argument argument;
    argument.name = name;
    argument.value = value;
    argument.value_optional = optional;
    return argument;
  };
  const auto positional = [](const char* name) {
    Argument argument;
    argument.name = name;
    argument.positional = true;
    return argument;
  };
  Command move;
  move.path = "tasuki group move";
  move.arguments = {positional("GROUP"), option("--help", ""), option("--to", "NODE"),
                    option("--wait", "LIMIT", true)};
  Command group;
  group.path = "tasuki group";
  group.arguments = {option("--help", "")};
  group.commands = {move};
  Command check;
  check.path = "tasuki check";
  check.arguments = {positional("FILE")};
  Command cut;
  cut.path = "tasuki cut";
  cut.arguments = {positional("HOST"), positional("OTHER")};
  Command root;
  root.path = "tasuki";
  root.arguments = {option("--help", ""), option("--socket", "PATH")};
  root.commands = {group, check, cut};
  return root;
}

Completion completed(const std::vector<std::string>& words) {
  return complete(make_tree(), words, [](Names kind, const std::string&) {
    if (kind == Names::hosts) return std::vector<std::string>{"sv1", "client"};
    return kind == Names::groups ? std::vector<std::string>{"db", "web"}
                                 : std::vector<std::string>{"sv1", "sv2"};
  });
}

TEST(Completion, offers_what_can_stand_in_the_place) {
  EXPECT_THAT(completed({""}).words, ElementsAre("group", "check", "cut"));
  EXPECT_THAT(completed({}).words, ElementsAre("group", "check", "cut"));
  EXPECT_THAT(completed({"gr"}).words, ElementsAre("group"));
  EXPECT_THAT(completed({"group", ""}).words, ElementsAre("move"));
  EXPECT_THAT(completed({"group", "move", ""}).words, ElementsAre("db", "web"));
  EXPECT_THAT(completed({"group", "move", "w"}).words, ElementsAre("web"));
  EXPECT_THAT(completed({"group", "move", "db", ""}).words, IsEmpty());
  EXPECT_THAT(completed({"cut", "sv1", ""}).words, ElementsAre("sv1", "client"));
}

TEST(Completion, options_and_their_values) {
  EXPECT_THAT(completed({"group", "move", "--"}).words,
              ElementsAre("--help", "--to", "--wait", "--socket"));
  EXPECT_THAT(completed({"group", "move", "db", "--to", ""}).words, ElementsAre("sv1", "sv2"));
  EXPECT_THAT(completed({"group", "move", "--to", "sv2", ""}).words, ElementsAre("db", "web"));
  EXPECT_THAT(completed({"group", "move", "--wait", ""}).words, ElementsAre("db", "web"));
  EXPECT_TRUE(completed({"--socket", ""}).files);
  EXPECT_THAT(completed({"--socket", "/x", "gr"}).words, ElementsAre("group"));
}

TEST(Completion, files_are_left_to_the_shell) {
  EXPECT_TRUE(completed({"check", ""}).files);
  EXPECT_FALSE(completed({"group", ""}).files);
}

TEST(Completion, the_command_line_answers_the_scripts) {
  const auto lines = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"complete", "tasuki"});
    FakeTerminal terminal;
    EXPECT_EQ(run_command(words, terminal), api::Exit::ok) << terminal.complaints;
    return terminal.out;
  };
  EXPECT_EQ(lines({"group", "st"}), "start\nstop\n");
  EXPECT_EQ(lines({"config", "check", ""}), ":files\n");
  EXPECT_THAT(lines({"status", "--"}), HasSubstr("--watch\n"));
  EXPECT_EQ(lines({"completion", ""}), "bash\nzsh\nfish\n");
  EXPECT_EQ(lines({"--help"}), "--help\n");
  EXPECT_THAT(lines({"lab", ""}), StartsWith("up\nstatus\nexec\n"));
  EXPECT_EQ(lines({"lab", "up", "--fr"}), "--fresh\n");
  EXPECT_EQ(lines({"help", "group", "st"}), "start\nstop\n");
  EXPECT_EQ(lines({"help", "group", "start", ""}), "");
  // Nobody answers at the control socket here: no names, and no complaint in the user's prompt.
  EXPECT_EQ(lines({"--socket", "/nonexistent", "group", "start", ""}), "");
}

// Runs a program of this shell and gives back what it printed.
std::string run_shell(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  for (int c = 0; (c = fgetc(pipe.get())) != EOF;) output += static_cast<char>(c);
  return output;
}

TEST(Completion, bash_shows_what_the_program_offers) {
  std::string folder = std::filesystem::temp_directory_path() / "tasuki-completion-XXXXXX";
  ASSERT_TRUE(mkdtemp(folder.data()));
  std::ofstream(folder + "/completion.bash") << completion_script("bash");
  std::ofstream(folder + "/tasuki") << "#!/bin/sh\nprintf 'got:%s\\n' \"$@\"\n";
  ASSERT_EQ(chmod((folder + "/tasuki").c_str(), 0755), 0);
  EXPECT_EQ(run_shell("cd " + folder +
                      " && PATH=$PWD:$PATH bash -c '. ./completion.bash && "
                      "COMP_WORDS=(tasuki group move \"\") COMP_CWORD=3 && _tasuki && "
                      "printf \"%s|\" \"${COMPREPLY[@]}\"'"),
            "got:complete|got:tasuki|got:group|got:move|got:|");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tasuki::cli
