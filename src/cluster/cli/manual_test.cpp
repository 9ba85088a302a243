// The manual page and docs/cli.md are what the program would print today. To renew them:
//   build/bin/tasuki manual page > docs/man/tasuki.1
//   build/bin/tasuki manual markdown > docs/cli.md
#include "cluster/cli/manual.hpp"

#include <gmock/gmock.h>

#include "cluster/cli/command.hpp"
#include "cluster/cli/testing.hpp"
#include "kit/file.hpp"

namespace tasuki::cli {
namespace {

using testing::HasSubstr;

std::string output_of(const std::vector<std::string>& arguments) {
  FakeTerminal terminal;
  EXPECT_EQ(run_command(arguments, terminal), api::Exit::ok) << terminal.complaints;
  return terminal.out;
}

TEST(Manual, the_manual_page_is_current) {
  EXPECT_EQ(read_file(TASUKI_SOURCE_DIR "/docs/man/tasuki.1").value_or(""),
            output_of({"manual", "page"}));
}

TEST(Manual, the_reference_of_the_commands_is_current) {
  EXPECT_EQ(read_file(TASUKI_SOURCE_DIR "/docs/cli.md").value_or(""),
            output_of({"manual", "markdown"}));
}

TEST(Manual, help_says_usage_meaning_options_and_examples) {
  EXPECT_EQ(output_of({"group", "move", "--help"}),
            "Usage: tasuki group move GROUP [--to NODE] [--wait[=LIMIT]]\n"
            "\n"
            "Move a group to another node, or back home\n"
            "\n"
            "Options:\n"
            "  GROUP           the group's name\n"
            "  -h, --help      show this help\n"
            "  --to NODE       the node; by default the best one of the group's policy\n"
            "  --wait[=LIMIT]  come back when it is done, or has failed, or LIMIT has passed\n"
            "                  (by default 1m)\n"
            "\n"
            "Examples:\n"
            "  tasuki group move db --to sv2 --wait\n"
            "  tasuki group move db\n");
}

TEST(Manual, what_is_for_programs_is_not_in_it) {
  const auto help = output_of({"--help"});
  EXPECT_THAT(help, HasSubstr("\n  status "));
  EXPECT_THAT(help, Not(HasSubstr("\n  manual ")));
  EXPECT_THAT(help, Not(HasSubstr("\n  complete ")));
}

TEST(Manual, text_cannot_become_a_troff_request) {
  Command root;
  root.path = "x";
  root.commands.push_back({.path = "x y",
                           .summary = ".so /etc/passwd",
                           .details = "a \\fB b\n'c",
                           .examples = {},
                           .arguments = {},
                           .commands = {}});
  const auto page = print_manual_page(root);
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n"));
  EXPECT_THAT(page, HasSubstr("\na \\efB b\n\\&'c\n"));
}

}  // namespace
}  // namespace tasuki::cli
