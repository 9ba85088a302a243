#include <filesystem>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "cluster/cli/command.hpp"
#include "cluster/cli/testing.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::cli {
namespace {

using api::Exit;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kComplete =
    "<root>\n<cluster><name>c</name></cluster>\n"
    "<server name=\"a\"><device id=\"0\"><type>lan</type><info>10.0.0.1</info></device></server>\n"
    "<webmgr><use>1</use></webmgr>\n</root>\n";
// One that lacks the node's address.
constexpr const char* kIncomplete =
    "<root>\n<cluster><name>c</name></cluster>\n<server name=\"a\"/>\n</root>\n";

class ImportVerb : public testing::Test {
 public:
  ImportVerb() : folder_(make_test_folder()) {}
  ~ImportVerb() override { std::filesystem::remove_all(folder_); }

 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  Exit run(const std::string& clp_conf, std::vector<std::string> more = {}) {
    const std::string file = path("clp.conf");
    EXPECT_TRUE(replace_file_durably(file, clp_conf));
    more.insert(more.begin(), {"import", "clp", file});
    return run_command(more, terminal_);
  }

  FakeTerminal terminal_;

 private:
  std::string folder_;
};

TEST_F(ImportVerb, prints_the_configuration_and_tells_of_it_on_standard_error) {
  EXPECT_EQ(run(kComplete), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("\nname = \"c\"  # cluster/name (line 2)\n"));
  EXPECT_EQ(terminal_.complaints,
            "what came of " + path("clp.conf") +
                ":\nTaken over, or done by Tasuki itself:\n"
                "  " +
                path("clp.conf") +
                ":2: cluster/name: it is cluster c\n"
                "  " +
                path("clp.conf") +
                ":3: server@a: it is node a\n"
                "\n"
                "Without an equal in Tasuki:\n"
                "  " +
                path("clp.conf") +
                ":4: webmgr: there is no Cluster WebUI; use tasuki status on any node\n");
}

TEST_F(ImportVerb, writes_a_file_that_config_check_accepts) {
  const std::string out = path("cluster.toml");
  EXPECT_EQ(run(kComplete, {"--out", out}), Exit::ok);
  EXPECT_THAT(terminal_.out, StartsWith("Taken over"));
  EXPECT_THAT(terminal_.complaints, IsEmpty());
  EXPECT_EQ(run_command({"config", "check", out}, terminal_), Exit::ok);
}

TEST_F(ImportVerb, keeps_a_file_that_is_there) {
  const std::string out = path("cluster.toml");
  ASSERT_TRUE(replace_file_durably(out, "mine"));
  EXPECT_EQ(run(kComplete, {"--out", out}), Exit::failed);
  EXPECT_THAT(terminal_.complaints,
              HasSubstr("cluster.toml is there already and is kept; remove it, or name another "
                        "with --out"));
  EXPECT_THAT(terminal_.out, IsEmpty());
  EXPECT_EQ(read_file(out).value(), "mine");
}

TEST_F(ImportVerb, ends_otherwise_when_something_is_to_be_filled_in) {
  const std::string out = path("cluster.toml");
  EXPECT_EQ(run(kIncomplete, {"--out", out}), Exit::incomplete);
  EXPECT_THAT(terminal_.out, HasSubstr("To be filled in before config check accepts it:\n  " + out +
                                       ":8: [[node]] has no addresses; add addresses: "));
  EXPECT_EQ(run_command({"config", "check", out}, terminal_), Exit::failed);
  terminal_.complaints.clear();
  EXPECT_EQ(run(kIncomplete), Exit::incomplete);
  EXPECT_THAT(terminal_.complaints, HasSubstr("  line 8: [[node]] has no addresses; "));
}

TEST_F(ImportVerb, gives_the_notes_as_objects) {
  EXPECT_EQ(run(kIncomplete, {"--json"}), Exit::incomplete);
  const Json told = Json::parse(terminal_.out);
  EXPECT_EQ(told.at("complete"), false);
  EXPECT_EQ(told.at("out"), nullptr);
  EXPECT_THAT(told.at("toml").get<std::string>(),
              HasSubstr("# FILL IN: [[node]] has no addresses"));
  EXPECT_EQ(told.at("notes").at(0), (Json{{"kind", "taken"},
                                          {"path", "cluster/name"},
                                          {"line", 2},
                                          {"what", "it is cluster c"},
                                          {"instead", nullptr},
                                          {"toml_line", nullptr}}));
  EXPECT_EQ(told.at("notes").back().at("kind"), "to_fill_in");
  EXPECT_EQ(told.at("notes").back().at("toml_line"), 8);
}

TEST_F(ImportVerb, of_what_is_no_clp_conf_writes_nothing) {
  const std::string out = path("cluster.toml");
  for (const char* text : {"", "name = \"c\"\n", "<root>\n<cluster>", "<cib/>"}) {
    terminal_.complaints.clear();
    EXPECT_EQ(run(text, {"--out", out}), Exit::failed) << text;
    EXPECT_THAT(terminal_.complaints,
                AllOf(StartsWith(path("clp.conf") + ":"), HasSubstr("; give ")))
        << text;
    EXPECT_FALSE(std::filesystem::exists(out)) << text;
  }
  EXPECT_THAT(terminal_.out, IsEmpty());
  EXPECT_EQ(run_command({"import", "clp", path("none")}, terminal_), Exit::failed);
  EXPECT_EQ(run_command({"import", "clp", "/dev/zero"}, terminal_), Exit::failed);
  EXPECT_EQ(run_command({"import", "clp"}, terminal_), Exit::usage);
}

}  // namespace
}  // namespace tasuki::cli
