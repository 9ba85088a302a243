// tasuki script check and trace on files.
#include <filesystem>
#include <fstream>
#include <stdlib.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/cli/command.hpp"
#include "cluster/cli/testing.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::cli {
namespace {

using api::Exit;
using testing::HasSubstr;

class ScriptVerbs : public testing::Test {
 public:
  ~ScriptVerbs() override { std::filesystem::remove_all(folder_); }

 protected:
  std::string file(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  // Of `tasuki script` with these words; the folder of the files is left out of what is printed.
  Exit run(std::vector<std::string> words) {
    words.insert(words.begin(), "script");
    terminal_ = std::make_unique<FakeTerminal>();
    const Exit exit = run_command(words, *terminal_);
    for (std::string* const text : {&terminal_->out, &terminal_->complaints})
      for (size_t at = 0; (at = text->find(folder_ + "/")) != std::string::npos;)
        text->erase(at, folder_.size() + 1);
    return exit;
  }

  [[nodiscard]] const std::string& out() const { return terminal_->out; }
  [[nodiscard]] const std::string& complaints() const { return terminal_->complaints; }

  std::string folder_ = make_test_folder();
  std::unique_ptr<FakeTerminal> terminal_;
};

TEST_F(ScriptVerbs, check_finds_nothing_in_a_good_script) {
  const auto script = file("a.bat", "net stop \"Base Server\"\r\n");
  EXPECT_EQ(run({"check", script}), Exit::ok);
  EXPECT_EQ(out(), "a.bat: no mistakes.\n");
  EXPECT_EQ(run({"check", script, "--json"}), Exit::ok);
  EXPECT_EQ(Json::parse(out()), Json::array());
}

TEST_F(ScriptVerbs, check_tells_file_line_mistake_and_what_to_do) {
  const auto script = file("a.bat", "rem\nARMBICAST /MSG \"x\" /A\ngoto X\n");
  EXPECT_EQ(run({"check", script}), Exit::failed);
  EXPECT_EQ(out(),
            "a.bat:2: unknown command \"ARMBICAST\"; did you mean \"ARMBCAST\"?\n"
            "a.bat:3: there is no label \"X\"; write a line \":X\" where it should be\n");
  EXPECT_EQ(run({"check", "--json", script}), Exit::failed);
  const Json found = Json::parse(out());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (Json{{"file", "a.bat"},
                            {"line", 2},
                            {"what", "unknown command \"ARMBICAST\""},
                            {"expected", "did you mean \"ARMBCAST\"?"}}));
}

TEST_F(ScriptVerbs, check_looks_at_the_stop_script_beside_a_start_script) {
  const auto start = file("START.BAT", "ARMLOAD Base /S /M \"Base Server\"\n");
  EXPECT_EQ(run({"check", start}), Exit::ok) << "the stop script may be anywhere";
  const auto stop = file("stop.bat", "ARMKILL Mail\nfrobnicate\n");
  EXPECT_EQ(run({"check", start}), Exit::failed);
  EXPECT_EQ(out(),
            "START.BAT:1: nothing stops what ARMLOAD starts as \"Base\"; write ARMKILL Base in the "
            "stop script\n");
  EXPECT_EQ(run({"check", start, stop}), Exit::failed);
  EXPECT_THAT(out(), HasSubstr("stop.bat:2: unknown command \"frobnicate\""));
  file("stop.bat", "ARMKILL base\n");
  EXPECT_EQ(run({"check", start, stop}), Exit::ok);
}

TEST_F(ScriptVerbs, check_knows_programs_beside_the_script_and_in_path) {
  file("notify.bat", "");
  const auto script = file("a.bat", "call notify\nSH -c x\n");
  EXPECT_EQ(run({"check", script}), Exit::ok) << out();
}

TEST_F(ScriptVerbs, check_compares_services_with_a_configuration) {
  const auto config = file("cluster.toml", R"([cluster]
name = "c"
[[node]]
name = "sv1"
id = 1
addresses = ["10.0.0.1"]
[[service]]
name = "base"
display_name = "Base Server"
command = ["/bin/true"]
user = "root"
)");
  const auto script = file("a.bat", "net stop base\nnet stop \"Base Sever\"\n");
  EXPECT_EQ(run({"check", script}), Exit::ok);
  EXPECT_EQ(run({"check", script, "--config", config}), Exit::failed);
  EXPECT_EQ(out(),
            "a.bat:2: the configuration has no service \"Base Sever\"; did you mean \"Base "
            "Server\"?\n");
  const auto broken = file("broken.toml", "[");
  EXPECT_EQ(run({"check", script, "--config", broken}), Exit::usage);
  EXPECT_EQ(complaints(),
            "broken.toml has mistakes; see them with tasuki config check broken.toml\n");
}

TEST_F(ScriptVerbs, check_ends_with_2_for_what_it_cannot_read) {
  EXPECT_EQ(run({"check"}), Exit::usage);
  EXPECT_EQ(run({"check", folder_ + "/missing.bat"}), Exit::usage);
  EXPECT_THAT(complaints(), HasSubstr("missing.bat"));
  EXPECT_EQ(run({"check", file("a.bat", std::string("\0", 1))}), Exit::usage);
  EXPECT_THAT(complaints(), HasSubstr("a.bat:1: there is a zero byte"));
  EXPECT_EQ(run({"trace", folder_ + "/missing.bat"}), Exit::usage);
}

TEST_F(ScriptVerbs, trace_prints_the_commands_in_order) {
  const auto script = file("start.bat",
                           "@echo off\r\n"
                           "if \"%ARMS_EVENT%\" == \"START\" goto NORMAL\r\n"
                           "ARMLOG \"no\"\r\n"
                           ":NORMAL\r\n"
                           "set  X=%1 %2\r\n"
                           "@y:¥tools¥run.exe   %X%\r\n"
                           "exit 3\r\n");
  EXPECT_EQ(run({"trace", script, "--set", "ARMS_EVENT=START", "one", "two words"}), Exit::ok);
  EXPECT_EQ(out(), "set X=one \"two words\"\ny:\\tools\\run.exe one \"two words\"\n");
  EXPECT_EQ(run({"trace", script, "--set", "arms_event=START", "--json", "--set", "A=B"}),
            Exit::ok);
  EXPECT_EQ(out(),
            "{\"command\":\"set X=\",\"line\":5}\n"
            "{\"command\":\"y:\\\\tools\\\\run.exe\",\"line\":6}\n");
}

TEST_F(ScriptVerbs, trace_knows_no_variable_of_its_own_process) {
  setenv("TASUKI_TRACE_TEST", "leaked", 1);
  EXPECT_EQ(run({"trace", file("a.bat", "echo [%TASUKI_TRACE_TEST%%HOME%%PATH%]")}), Exit::ok);
  EXPECT_EQ(out(), "echo []\n");
}

TEST_F(ScriptVerbs, trace_follows_scripts_that_lie_here) {
  file("Env.bat", "set WHERE=%~1\n");
  file("list.txt", "one\ntwo\n");
  const auto script = file("a.bat",
                           "call env.bat \"x y\"\n"
                           "call Z:\\missing.bat\n"
                           "if exist LIST.TXT echo there\n"
                           "if exist *.toml echo never\n"
                           "for /f %%l in (list.txt) do echo %%l\n"
                           "for %%f in (*.txt) do echo %%f\n"
                           "%~dp0env.bat end\n"
                           "echo never\n");
  EXPECT_EQ(run({"trace", script}), Exit::ok) << complaints();
  EXPECT_EQ(out(),
            "set WHERE=x y\ncall Z:\\missing.bat\necho there\necho one\necho two\necho "
            "list.txt\nset WHERE=end\n");
  EXPECT_EQ(run({"trace", script, "--json"}), Exit::ok);
  EXPECT_THAT(out(),
              HasSubstr("{\"command\":\"set WHERE=x y\",\"file\":\"Env.bat\",\"line\":1}\n"));
}

TEST_F(ScriptVerbs, trace_tells_why_a_script_fails) {
  EXPECT_EQ(run({"trace", file("a.bat", "echo a\ngoto NORMALL\n:NORMAL\n")}), Exit::failed);
  EXPECT_EQ(out(), "echo a\n");
  EXPECT_EQ(complaints(),
            "a.bat:2: there is no label \"NORMALL\"; did you mean \"NORMAL\"?, in: goto NORMALL\n");
  EXPECT_EQ(run({"trace", file("a.bat", ":a\nARMSLEEP 1\ngoto a\n")}), Exit::failed);
  EXPECT_THAT(complaints(), HasSubstr("the script has not come to its end"));
  EXPECT_EQ(run({"trace", "--set", "nothing", file("a.bat", "")}), Exit::usage);
  EXPECT_EQ(complaints(), "--set nothing sets nothing; write --set NAME=VALUE\n");
}

TEST_F(ScriptVerbs, trace_notes_that_pause_does_not_wait) {
  EXPECT_EQ(run({"trace", file("a.bat", "pause\n")}), Exit::ok);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(complaints(), "a.bat:1: pause does not wait: nobody is there to press a key\n");
}

}  // namespace
}  // namespace tasuki::cli
