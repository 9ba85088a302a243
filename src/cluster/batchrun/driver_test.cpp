// Whole scripts, run for good: what they print and how they end.
#include "cluster/batchrun/driver.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::batchrun {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string text;  // both streams
};

struct DriverTest : testing::Test {
  DriverTest() {
    folder = make_test_folder();
    std::filesystem::create_directories(folder + "/Tools");
    program("Tools/MyTool", "#!/bin/sh\necho \"tool:$1:$MOOD\"\nexit ${2:-0}\n");
  }
  ~DriverTest() override { std::filesystem::remove_all(folder); }

  void program(const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
    std::filesystem::permissions(folder + "/" + name, std::filesystem::perms::owner_all);
  }
  // In a process of its own, whose streams are a file.
  Outcome run(const std::string& text, std::vector<std::string> arguments = {}) {
    std::ofstream(folder + "/script.bat") << text;
    const std::string output = folder + "/output";
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (!std::freopen(output.c_str(), "w", stdout)) ::_exit(99);
      ::dup2(STDOUT_FILENO, STDERR_FILENO);
      batch::Environment environment;
      environment.set("Path", "/usr/bin:/bin;y:\\tools");
      environment.set("MOOD", "calm");
      const int code = run_script({.script = read_script_file(folder + "/script.bat").value(),
                                   .name = "script.bat",
                                   .full_path = folder + "/script.bat",
                                   .arguments = std::move(arguments),
                                   .environment = std::move(environment),
                                   .folder = folder},
                                  {Files({{'y', folder}}), {"/bin/false"}});
      std::fflush(stdout);
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return {WEXITSTATUS(status), read_file(output).value_or("")};
  }
  std::string folder;
};

TEST_F(DriverTest, programs_are_found_in_any_case_and_paths_become_linux_paths) {
  const Outcome outcome =
      run("@MYTOOL.EXE y:\\tools\\mytool\r\n@set MOOD=good\r\n@mytool %1\r\n", {"again"});
  EXPECT_EQ(outcome.text, "tool:" + folder + "/Tools/MyTool:calm\ntool:again:good\n");
  EXPECT_EQ(outcome.code, 0);
}

TEST_F(DriverTest, errorlevel_is_the_programs_and_the_scripts_end_its_own) {
  const Outcome outcome =
      run("@mytool x 3\n@if errorlevel 3 goto BAD\n@exit 0\n:bad\n@exit /b 7\n");
  EXPECT_EQ(outcome.code, 7);
}

TEST_F(DriverTest, a_command_that_is_not_there_is_told_as_cmd_does) {
  const Outcome outcome = run("@nothing here\n@echo %ERRORLEVEL%\n");
  EXPECT_THAT(outcome.text, HasSubstr("script.bat:1: 'nothing' is not recognized"));
  EXPECT_THAT(outcome.text, EndsWith("9009\n"));
}

TEST_F(DriverTest, pipes_redirections_and_captures) {
  const Outcome outcome = run(
      "@echo one> y:\\log.txt\n@echo two>> Y:\\LOG.TXT\n@type log.txt | find /c \"o\"\n"
      "@for /f %%a in ('mytool cap') do @echo got %%a\n@mytool quiet > nul\n@mytool err 1>&2\n");
  EXPECT_EQ(outcome.text, "2\ngot tool:cap:calm\ntool:err:calm\n");
  EXPECT_EQ(read_file(folder + "/log.txt").value(), "one\ntwo\n");
}

TEST_F(DriverTest, files_are_copied_moved_renamed_and_deleted) {
  const Outcome outcome =
      run("@md y:\\new\n@echo x> y:\\new\\a.txt\n@copy y:\\new\\A.TXT y:\\new\\b.txt > nul\n"
          "@ren y:\\new\\b.txt c.txt\n@move y:\\new\\c.txt y:\\d.txt > nul\n@del y:\\new\\*.txt\n"
          "@rd y:\\new\n@if not exist y:\\new echo gone\n@if exist D.TXT echo there\n");
  EXPECT_EQ(outcome.text, "gone\nthere\n");
}

TEST_F(DriverTest, another_batch_file_comes_back_when_it_was_called) {
  std::ofstream(folder + "/Tools/other.bat") << "@echo other %1\n@exit /b 4\n";
  EXPECT_EQ(run("@call OTHER a\n@echo back %ERRORLEVEL%\n").text, "other a\nback 4\n");
  const Outcome outcome = run("@other b\n@echo never\n");
  EXPECT_EQ(outcome.text, "other b\n");
  EXPECT_EQ(outcome.code, 4);
}

TEST_F(DriverTest, a_script_that_cannot_go_on_ends_with_1_and_says_where) {
  const Outcome outcome = run("@echo begin\n@goto NOWHERE\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("script.bat:2: "));
}

TEST_F(DriverTest, an_exit_code_that_is_no_byte_is_no_success) {
  EXPECT_EQ(run("@exit 256\n").code, 1);
  EXPECT_EQ(run("@exit 0\n").code, 0);
}

}  // namespace
}  // namespace tasuki::batchrun
