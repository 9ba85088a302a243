// The commands against a tasukid that gives prepared answers.
#include "cluster/arm/commands.hpp"

#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>

#include "cluster/api/server.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::arm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers on a socket of its own, on a thread of its own, and keeps what was asked.
class FakeTasukid {
 public:
  explicit FakeTasukid(const std::string& socket) : server_(io_, {socket, 0600, "root"}) {}
  ~FakeTasukid() {
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }
  void answers(api::Method method, const std::string& path, unsigned status, const Json& body) {
    server_.add(method, path, api::Access::read,
                [this, path, status, body](api::Request request) -> Task<api::Response> {
                  asked_.push_back(request);
                  return [](api::Response response) -> Task<api::Response> {
                    co_return response;
                  }({status, body});
                });
  }
  void start() {
    ASSERT_TRUE(server_.start());
    thread_ = std::thread([this] { io_.run(); });
  }
  std::vector<api::Request> asked_;

 private:
  asio::io_context io_{1};
  api::Server server_;
  std::thread thread_;
};

struct CommandsTest : testing::Test {
  CommandsTest() {
    folder = make_test_folder();
    here.socket = folder + "/control.sock";
    here.environment["PATH"] = "/usr/bin:/bin";
    here.say = [this](const std::string& line) { said.push_back(line); };
    here.complain = [this](const std::string& line) { complaints.push_back(line); };
    here.sleep = [this](std::chrono::milliseconds time) { slept += time; };
    tasukid.emplace(here.socket);
  }
  ~CommandsTest() override {
    tasukid.reset();
    std::filesystem::remove_all(folder);
  }
  int run(const std::string& name, const std::vector<std::string>& words) {
    return run_command_line(name, words, here);
  }

  std::string folder;
  Surroundings here;
  std::optional<FakeTasukid> tasukid;
  std::vector<std::string> said;
  std::vector<std::string> complaints;
  std::chrono::milliseconds slept{};
};

TEST_F(CommandsTest, armload_says_what_it_wants_and_for_which_group) {
  tasukid->answers(api::Method::post, "/v1/watches", 200, {{"outcome", "it runs"}});
  tasukid->start();
  here.environment["CLP_GROUPNAME"] = "office";
  EXPECT_EQ(run("ARMLOAD", {"StarOffice", "/S", "/M", "Star Office"}), 0);
  const Json body = tasukid->asked_.at(0).body;
  EXPECT_EQ(body.at("id"), "StarOffice");
  EXPECT_EQ(body.at("service"), "Star Office");
  EXPECT_EQ(body.at("on_end"), "fail_over");
  EXPECT_EQ(body.at("group"), "office");
  EXPECT_EQ(run("ARMLOAD", {"job", "sh", "-c", "true"}), 0);
  EXPECT_EQ(tasukid->asked_.at(1).body.at("command"), Json({"/usr/bin/sh", "-c", "true"}));
  EXPECT_EQ(run("ARMLOAD", {"job", "no-such-program"}), 1);
  EXPECT_THAT(complaints, ElementsAre("no-such-program is no program here"));
}

TEST_F(CommandsTest, a_wait_ends_with_the_program_and_its_code_can_be_asked_for) {
  tasukid->answers(api::Method::post, "/v1/watches", 200, Json::object());
  tasukid->answers(api::Method::get, "/v1/watches/{id}", 200,
                   {{"state", "stopped"}, {"exit_code", 7}});
  tasukid->start();
  EXPECT_EQ(run("ARMLOAD", {"job", "/W", "/bin/true"}), 0);
  EXPECT_EQ(run("ARMGETCD", {"job"}), 7);
  EXPECT_THAT(said, ElementsAre("7"));
}

TEST_F(CommandsTest, net_start_of_what_runs_ends_with_2_as_on_windows) {
  tasukid->answers(api::Method::post, "/v1/services/{name}/start", 409,
                   {{"error", "it runs already"}, {"already", true}});
  tasukid->answers(api::Method::post, "/v1/services/{name}/stop", 200,
                   {{"service", "Star Office"}});
  tasukid->answers(api::Method::get, "/v1/services", 200,
                   {{"services",
                     {{{"name", "Star Office"}, {"state", "running"}},
                      {{"name", "Mail"}, {"state", "stopped"}}}}});
  tasukid->start();
  EXPECT_EQ(run("net", {"start", "star office"}), 2);
  EXPECT_THAT(complaints.at(0), HasSubstr("The requested service has already been started."));
  EXPECT_THAT(complaints.at(0), HasSubstr("NET HELPMSG 2182"));
  EXPECT_EQ(run("net", {"stop", "star office"}), 0);
  EXPECT_THAT(said.at(0), HasSubstr("The Star Office service was stopped successfully."));
  EXPECT_EQ(run("net", {"start"}), 0);
  EXPECT_THAT(said.at(1), HasSubstr("   Star Office\n\n"));
}

TEST_F(CommandsTest, outside_a_cluster_they_end_at_once_with_3) {
  tasukid->start();
  tasukid.reset();
  std::filesystem::remove(here.socket);
  EXPECT_EQ(run("ARMBCAST", {"/MSG", "x", "/A"}), 3);
  EXPECT_THAT(complaints.at(0), HasSubstr("ARM is not running here"));
  EXPECT_EQ(slept.count(), 0);
  here.environment["CLP_GROUPNAME"] = "office";
  EXPECT_EQ(run("ARMLOG", {"x"}), 3);
  EXPECT_GT(slept.count(), 1000) << "in a script tasukid may just start anew";
}

TEST_F(CommandsTest, only_root_may_and_others_are_told_how) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  tasukid->start();
  here.user = "office";
  // A service that runs as its own user.
  const pid_t caller = ::fork();
  if (caller == 0) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    if (::setuid(65534) != 0) ::_exit(1);
    const int code = run("ARMLOG", {"x"});
    ::_exit(code == 4 && complaints.at(0).starts_with("only root may use the ARM commands, and "
                                                      "this runs as office")
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(caller, &status, 0), caller);
  EXPECT_EQ(status, 0);
}

TEST_F(CommandsTest, a_wrong_line_ends_with_2_and_its_usage) {
  tasukid->start();
  EXPECT_EQ(run("ARMKILL", {"a", "b"}), 2);
  EXPECT_THAT(complaints, ElementsAre("not expected: b\nUsage: ARMKILL ID"));
}

}  // namespace
}  // namespace tasuki::arm
