// What the cases in cases/ cannot show: what drivers are asked and told, and the limits.
#include "cluster/batch/interpreter.hpp"

#include <gmock/gmock.h>

namespace tasuki::batch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ScriptPointer make_script(const std::string& text) {
  return std::make_shared<Script>(read_script("t.bat", text).value());
}

Interpreter make_interpreter(const std::string& text, Limits limits = {}) {
  return Interpreter({.script = make_script(text),
                      .name = "t.bat",
                      .full_path = "C:\\t.bat",
                      .arguments = {},
                      .environment = {},
                      .folder = "C:\\",
                      .limits = limits});
}

template <class Kind>
Kind first(const std::string& text) {
  const Effect effect = make_interpreter(text).step(Done{});
  return std::get<Kind>(effect.action);
}

// The last effect, when everything succeeds.
Effect last(Interpreter interpreter) {
  Answer answer = Done{};
  for (;;) {
    Effect effect = interpreter.step(std::move(answer));
    if (std::holds_alternative<Finished>(effect.action)) return effect;
    if (std::holds_alternative<Failed>(effect.action)) return effect;
    answer = std::holds_alternative<RunCommand>(effect.action) ? Answer{Exited{}} : Answer{Done{}};
  }
}

std::string failure_of(Interpreter interpreter) {
  const Effect effect = last(std::move(interpreter));
  const auto* const failed = std::get_if<Failed>(&effect.action);
  return failed ? to_text(*failed) : "it did not fail";
}

TEST(Commands, has_the_name_without_quotes_and_the_words_as_a_program_gets_them) {
  const RunCommand run = first<RunCommand>("\"C:\\My Tools\\x.exe\" /a:\"b c\"  d,e \"\"");
  ASSERT_EQ(run.stages.size(), 1U);
  EXPECT_EQ(run.stages[0].name, "C:\\My Tools\\x.exe");
  EXPECT_THAT(run.stages[0].words(), ElementsAre("/a:b c", "d,e", ""));
}

TEST(Commands, tells_redirections_apart_from_words) {
  const RunCommand run = first<RunCommand>("prog a>>\"D:\\a b.log\" 2>&1 <in b");
  EXPECT_THAT(run.stages[0].words(), ElementsAre("a", "b"));
  EXPECT_THAT(run.stages[0].redirections,
              ElementsAre(Redirection{1, RedirectionKind::append, "D:\\a b.log"},
                          Redirection{2, RedirectionKind::duplicate, "1"},
                          Redirection{0, RedirectionKind::input, "in"}));
}

TEST(Commands, of_a_pipe_has_every_command) {
  const RunCommand run = first<RunCommand>("type a.txt 2>nul | find \"x\" > out");
  ASSERT_EQ(run.stages.size(), 2U);
  EXPECT_EQ(run.stages[0].name, "type");
  EXPECT_THAT(run.stages[0].redirections,
              ElementsAre(Redirection{2, RedirectionKind::output, "nul"}));
  EXPECT_THAT(run.stages[1].redirections,
              ElementsAre(Redirection{1, RedirectionKind::output, "out"}));
}

// cmd.exe opens the file of a block once, so its later commands must not empty it again.
TEST(Commands, in_a_block_shares_the_file_of_the_block) {
  Interpreter interpreter = make_interpreter("(\na\nb 2>err\n) > log\nc");
  const auto redirections = [&interpreter](Answer answer) {
    const Effect effect = interpreter.step(std::move(answer));
    return std::get<RunCommand>(effect.action).stages[0].redirections;
  };
  EXPECT_THAT(redirections(Done{}), ElementsAre(Redirection{1, RedirectionKind::output, "log"}));
  EXPECT_THAT(redirections(Exited{}), ElementsAre(Redirection{1, RedirectionKind::append, "log"},
                                                  Redirection{2, RedirectionKind::output, "err"}));
  EXPECT_THAT(redirections(Exited{}), ElementsAre());
}

TEST(Commands, of_a_script_that_is_found_goes_on_in_it) {
  Interpreter interpreter = make_interpreter("call b.bat x\nend");
  const Effect called = interpreter.step(Done{});
  EXPECT_TRUE(std::get<RunCommand>(called.action).called);
  const Effect inside = interpreter.step(ScriptFound{make_script("inside %1")});
  EXPECT_EQ(inside.command, "inside x");
  EXPECT_EQ(interpreter.step(Exited{}).command, "end");
}

TEST(Print, has_the_text_as_it_is) {
  EXPECT_EQ(first<Print>("echo   a   \"b\"").text, "  a   \"b\"");
  EXPECT_EQ(first<Print>("echo.").text, "");
  EXPECT_EQ(first<Print>("echo a>f").redirections.size(), 1U);
}

TEST(Effects, know_their_place) {
  Interpreter interpreter = make_interpreter("@echo off\n(\n\nnet start X\n)");
  const Effect effect = interpreter.step(Done{});
  EXPECT_EQ(effect.file, "t.bat");
  EXPECT_EQ(effect.line, 4);
  EXPECT_EQ(effect.command, "net start X");
}

TEST(Environment, is_what_the_script_made_of_it) {
  Interpreter interpreter = make_interpreter("set A=1\nset B=2\nset A=");
  for (int i = 0; i < 3; ++i) interpreter.step(Done{});
  interpreter.step(Done{});
  EXPECT_THAT(interpreter.environment().variables(), ElementsAre(Variable{"B", "2"}));
}

TEST(Limits, end_what_would_never_end) {
  EXPECT_THAT(failure_of(make_interpreter(":a\ngoto a", {.quiet_work = 50})),
              HasSubstr("t.bat:2: 50 statements ran without a command between them"));
  EXPECT_THAT(failure_of(make_interpreter(":a\ncall :a", {.call_depth = 5})),
              HasSubstr("t.bat:2: scripts and labels call one another 5 deep"));
  EXPECT_THAT(failure_of(make_interpreter(":a\nsetlocal\ngoto a")),
              HasSubstr("t.bat:2: there are more than 32 setlocals"));
  EXPECT_THAT(failure_of(make_interpreter(":a\npushd x\ngoto a", {.pushd_depth = 0})),
              HasSubstr("t.bat:2: pushd was used 0 times"));
}

// Long statements count for more, so that the limit is one of time.
TEST(Limits, count_long_statements_for_several) {
  const std::string comment = "if a==b echo " + std::string(10'000, 'x');
  EXPECT_THAT(failure_of(make_interpreter(comment, {.quiet_work = 50})), HasSubstr("t.bat:1: 50"));
}

TEST(Limits, keep_lines_and_blocks_from_growing) {
  const std::string doubled = "set X=" + std::string(1000, 'x') + "\n:a\nset X=%X%%X%\ngoto a";
  EXPECT_THAT(failure_of(make_interpreter(doubled)),
              HasSubstr("t.bat:3: with its variables expanded the line has 32006 bytes"));
  std::string block = "set X=" + std::string(20'000, 'x') + "\n(\n";
  for (int i = 0; i < 100; ++i) block += "rem %X%\n";
  EXPECT_THAT(failure_of(make_interpreter(block + ")")),
              HasSubstr("with its variables expanded the block has more than 1048576 bytes"));
}

TEST(Limits, of_nesting_hold_for_every_kind) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "(";
  EXPECT_THAT(failure_of(make_interpreter(text)), HasSubstr("too deep"));
  text.clear();
  for (int i = 0; i < 1000; ++i) text += "if a==a ";
  EXPECT_THAT(failure_of(make_interpreter(text)), HasSubstr("too deep"));
  text = "set /a X=";
  for (int i = 0; i < 10'000; ++i) text += "(";
  EXPECT_EQ(std::get<Finished>(last(make_interpreter(text)).action).exit_code, 1073750988);
}

}  // namespace
}  // namespace tasuki::batch
