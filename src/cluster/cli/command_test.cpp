// Whole command lines against a tasukid of the tests' own, which has every route of the contract.
#include "cluster/cli/command.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <stdlib.h>
#include <sys/stat.h>
#include <thread>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/api/router.hpp"
#include "cluster/api/server.hpp"
#include "cluster/cli/testing.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::cli {
namespace {

using api::Exit;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

std::string make_folder() {
  setenv("TZ", "UTC", 1);
  return make_test_folder();
}

// Answers from a table and remembers what it was asked.
class FakeDaemon {
 public:
  explicit FakeDaemon(const std::string& path) : server_(io_, {path, 0600, "root"}) {
    for (const auto& route : api::control_routes()) {
      const std::string name = fmt::format("{} {}", api::method_name(route.method), route.path);
      if (route.path == "/v1/events/follow")
        server_.add_stream(route.path, [this](api::Request request, api::EventWriter& writer) {
          return follow(std::move(request), writer);
        });
      else
        server_.add(route.method, route.path, route.access, [this, name](api::Request request) {
          return answer(name, std::move(request));
        });
    }
    answers_["GET /v1/status"] = {200, healthy_status()};
    const auto started = server_.start();
    EXPECT_TRUE(started) << started.error().what;
    thread_ = std::thread([this] { io_.run(); });
  }
  ~FakeDaemon() {
    asio::post(io_,
               [this] { start_task(io_.get_executor(), server_.finish(std::chrono::seconds(1))); });
    thread_.join();
  }

  // Before the command line that asks for it.
  void will_answer(const std::string& route, api::Response response) {
    const std::lock_guard lock(mutex_);
    answers_[route] = std::move(response);
  }

  // "POST /v1/groups/{name}/move db {"to":"sv2",...}"
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  Task<api::Response> answer(std::string name, api::Request request) {
    co_return reply_to(name, request);
  }

  api::Response reply_to(const std::string& name, const api::Request& request) {
    const std::lock_guard lock(mutex_);
    std::string asked = name;
    for (const auto& [key, value] : request.parameters) asked += fmt::format(" {}", value);
    for (const auto& [key, value] : request.query) asked += fmt::format(" {}={}", key, value);
    if (!request.body.empty()) asked += " " + request.body.dump();
    requests_.push_back(asked);
    const auto dry = name + (request.body.value("dry_run", false) ? " dry" : "");
    const auto known = answers_.find(dry);
    return known == answers_.end() ? api::Response{200, {{"version", 4}, {"outcome", "done"}}}
                                   : known->second;
  }

  Task<void> follow(api::Request request, api::EventWriter& writer) {
    const auto since = std::stoi(request.query.at("since"));
    for (int seq = since + 1; seq <= since + 2; ++seq)
      co_await writer.send({{"seq", seq},
                            {"time", "2026-10-05T14:03:22Z"},
                            {"node", "sv1"},
                            {"level", "info"},
                            {"subject", "group db"},
                            {"text", fmt::format("event {}", seq)}});
  }

  std::mutex mutex_;
  std::map<std::string, api::Response> answers_;
  std::vector<std::string> requests_;
  asio::io_context io_;
  api::Server server_;
  std::thread thread_;
};

class CommandTest : public testing::Test {
 public:
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

 protected:
  Exit run(std::vector<std::string> arguments) {
    terminal_.out.clear();
    terminal_.complaints.clear();
    arguments.insert(arguments.begin(), {"--socket", socket_});
    return run_command(arguments, terminal_);
  }

  std::string make_file(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  std::string folder_ = make_folder();
  std::string socket_ = folder_ + "/control.sock";
  FakeDaemon daemon_{socket_};
  FakeTerminal terminal_;
};

TEST_F(CommandTest, status_ends_with_the_health_of_the_cluster) {
  EXPECT_EQ(run({"status"}), Exit::ok);
  EXPECT_THAT(terminal_.out, StartsWith("Cluster office: all is well."));
  Json status = healthy_status();
  status["health"] = "degraded";
  daemon_.will_answer("GET /v1/status", {200, status});
  EXPECT_EQ(run({"status", "--json"}), Exit::failed);
  EXPECT_EQ(Json::parse(terminal_.out), status);
}

TEST_F(CommandTest, listings_are_tables_or_json) {
  EXPECT_EQ(run({"group", "list"}), Exit::ok);
  EXPECT_THAT(terminal_.out, StartsWith("  group  state   on   since   next\n"));
  EXPECT_EQ(run({"node", "list", "--json"}), Exit::ok);
  EXPECT_EQ(Json::parse(terminal_.out), healthy_status().at("nodes"));
}

TEST_F(CommandTest, a_group_is_moved_as_told) {
  EXPECT_EQ(run({"group", "move", "--wait", "db", "--to", "sv2"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "done\n");
  EXPECT_EQ(run({"group", "stop", "d/b"}), Exit::ok);
  EXPECT_EQ(run({"group", "start", "db", "--wait=1500ms"}), Exit::ok);
  EXPECT_THAT(
      daemon_.requests(),
      ElementsAre(R"(POST /v1/groups/{name}/move db {"to":"sv2","wait":true,"wait_ms":60000})",
                  R"(POST /v1/groups/{name}/stop d/b {"to":null,"wait":false,"wait_ms":0})",
                  R"(POST /v1/groups/{name}/start db {"to":null,"wait":true,"wait_ms":1500})"));
}

TEST_F(CommandTest, a_refusal_is_told_and_has_its_exit_code) {
  const std::pair<unsigned, Exit> meanings[] = {{403, Exit::refused}, {404, Exit::unknown},
                                                {409, Exit::refused}, {500, Exit::failed},
                                                {503, Exit::refused}, {504, Exit::time_ran_out}};
  for (const auto& [status, exit] : meanings) {
    daemon_.will_answer("POST /v1/groups/{name}/start",
                        api::error_response(status, "there is no group dbb; did you mean \"db\"?"));
    EXPECT_EQ(run({"group", "start", "dbb"}), exit) << status;
    EXPECT_EQ(terminal_.out, "");
    EXPECT_EQ(terminal_.complaints, "there is no group dbb; did you mean \"db\"?\n");
  }
}

TEST_F(CommandTest, an_answer_of_another_version_is_no_crash) {
  daemon_.will_answer("GET /v1/status", {200, {{"cluster", "office"}}});
  EXPECT_EQ(run({"status"}), Exit::failed);
  EXPECT_THAT(terminal_.complaints, StartsWith("tasukid answered what this version of tasuki does "
                                               "not understand"));
}

TEST_F(CommandTest, nobody_at_the_socket_is_told_with_what_to_do) {
  socket_ = folder_ + "/none.sock";
  EXPECT_EQ(run({"lock"}), Exit::unreachable);
  EXPECT_THAT(terminal_.complaints, StartsWith("tasukid is not running on this server"));
}

TEST_F(CommandTest, a_connection_that_breaks_counts_as_no_answer) {
  using asio::local::stream_protocol;
  socket_ = folder_ + "/breaking.sock";
  asio::io_context io;
  stream_protocol::acceptor acceptor(io, socket_);
  // Before the question is read, after it, and in the middle of the answer.
  for (const std::string_view answer : {"-", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"}) {
    std::thread breaker([&] {
      auto connection = acceptor.accept();
      std::string question;
      if (answer != "-") asio::read_until(connection, asio::dynamic_buffer(question), "\r\n\r\n");
      if (answer.size() > 1) asio::write(connection, asio::buffer(answer));
    });
    EXPECT_EQ(run({"lock"}), Exit::unreachable) << answer << terminal_.complaints;
    breaker.join();
  }
}

TEST_F(CommandTest, confirm_down_wants_the_nodes_name_typed) {
  terminal_.answers = {"sv1"};
  EXPECT_EQ(run({"node", "confirm-down", "sv2"}), Exit::failed);
  EXPECT_THAT(terminal_.out, StartsWith("You vouch that sv2 is switched off"));
  EXPECT_EQ(terminal_.questions, "Type the node's name to vouch for it:\n");
  terminal_.answers = {std::nullopt};
  EXPECT_EQ(run({"node", "confirm-down", "sv2"}), Exit::failed);
  EXPECT_EQ(run({"node", "confirm-down", "sv2"}), Exit::usage) << "nobody is there to answer";
  EXPECT_THAT(daemon_.requests(), Each(AnyOf("GET /v1/status", HasSubstr(R"("dry_run":true)"))));

  terminal_.answers = {"sv2"};
  EXPECT_EQ(run({"node", "confirm-down", "sv2"}), Exit::ok);
  EXPECT_EQ(run({"node", "confirm-down", "sv2", "--yes", "--accept-loss"}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("which only sv2 has are lost."));
  EXPECT_THAT(daemon_.requests(),
              IsSupersetOf({R"(POST /v1/nodes/{name}/confirm-down sv2 {"accept_loss":false})",
                            R"(POST /v1/nodes/{name}/confirm-down sv2 {"accept_loss":true})"}));
}

TEST_F(CommandTest, nobody_is_asked_to_vouch_where_the_word_would_be_refused) {
  daemon_.will_answer("POST /v1/nodes/{name}/confirm-down dry",
                      api::error_response(409, "sv2 is up: its Corosync answers"));
  terminal_.answers = {"sv2"};
  EXPECT_EQ(run({"node", "confirm-down", "sv2"}), Exit::refused);
  EXPECT_EQ(terminal_.out, "");
  EXPECT_EQ(terminal_.complaints, "sv2 is up: its Corosync answers\n");
}

TEST_F(CommandTest, nobody_is_asked_to_vouch_for_a_node_that_is_not_there) {
  terminal_.answers = {"sv7"};
  EXPECT_EQ(run({"node", "confirm-down", "sv7"}), Exit::unknown);
  EXPECT_EQ(terminal_.out, "");
  EXPECT_EQ(terminal_.complaints, "there is no server \"sv7\"; did you mean \"sv1\"?\n");
  EXPECT_THAT(daemon_.requests(), ElementsAre("GET /v1/status"));
}

TEST_F(CommandTest, a_timeline_of_an_unknown_group_is_no_empty_one) {
  daemon_.will_answer("GET /v1/timeline", {200, {{"failovers", Json::array()}}});
  EXPECT_EQ(run({"timeline"}), Exit::ok);
  EXPECT_EQ(run({"timeline", "db"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "No failover so far.\n");
  EXPECT_EQ(run({"timeline", "storage"}), Exit::unknown);
  EXPECT_EQ(terminal_.complaints, "there is no group \"storage\"; there are: db, web\n");
  EXPECT_EQ(run({"timeline", "dbb", "--json"}), Exit::unknown);
  EXPECT_EQ(terminal_.out, "");
}

TEST_F(CommandTest, nodes_are_set_aside_and_resumed) {
  EXPECT_EQ(run({"node", "standby", "sv1"}), Exit::ok);
  EXPECT_EQ(run({"node", "resume", "sv1"}), Exit::ok);
  EXPECT_EQ(run({"lock"}), Exit::ok);
  EXPECT_EQ(run({"unlock"}), Exit::ok);
  EXPECT_THAT(daemon_.requests(),
              ElementsAre(R"(POST /v1/nodes/{name}/standby sv1 {"accept_loss":false})",
                          R"(POST /v1/nodes/{name}/resume sv1 {"accept_loss":false})",
                          "POST /v1/lock", "POST /v1/unlock"));
}

TEST_F(CommandTest, events_go_on_where_the_known_ones_ended) {
  daemon_.will_answer("GET /v1/events", {200,
                                         {{"events",
                                           {{{"seq", 7},
                                             {"time", "2026-10-05T14:03:21Z"},
                                             {"node", "sv1"},
                                             {"level", "info"},
                                             {"subject", "node sv2"},
                                             {"text", "is lost"}}}}}});
  EXPECT_EQ(run({"events", "--follow"}), Exit::unreachable) << "the stream has ended";
  EXPECT_EQ(terminal_.out,
            "2026-10-05 14:03:21 sv1 node sv2: is lost\n"
            "2026-10-05 14:03:22 sv1 group db: event 8\n"
            "2026-10-05 14:03:22 sv1 group db: event 9\n");
}

TEST_F(CommandTest, the_log_is_shown_without_its_escapes) {
  daemon_.will_answer("GET /v1/log", {200, {{"lines", {"one", "\x1b[2Jtwo"}}}});
  EXPECT_EQ(run({"log", "-n", "2"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "one\n [2Jtwo\n");
  EXPECT_THAT(daemon_.requests(), ElementsAre("GET /v1/log lines=2"));
}

TEST_F(CommandTest, a_configuration_is_applied_after_it_was_said_what_changes) {
  const auto file = make_file("cluster.toml", "x = 1\n");
  daemon_.will_answer(
      "POST /v1/config dry",
      {200, {{"counter", 3}, {"changes", {{{"path", "group.db"}, {"what", "group db: is new"}}}}}});
  daemon_.will_answer("POST /v1/config",
                      {200, {{"counter", 4}, {"hash", "77aa88bb99"}, {"absent", {"sv2"}}}});
  EXPECT_EQ(run({"config", "apply", file, "--dry-run"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "This changes:\n  group db: is new\n");
  EXPECT_EQ(daemon_.requests().size(), 1);

  EXPECT_EQ(run({"config", "apply", file}), Exit::usage);
  EXPECT_EQ(terminal_.complaints,
            "nobody is there to agree; give --yes to apply it without being asked\n");
  EXPECT_EQ(daemon_.requests().size(), 2);

  terminal_.answers = {"n"};
  EXPECT_EQ(run({"config", "apply", file}), Exit::failed);
  EXPECT_EQ(terminal_.complaints, "not applied\n");
  EXPECT_EQ(daemon_.requests().size(), 3);

  terminal_.answers = {"y"};
  EXPECT_EQ(run({"config", "apply", file}), Exit::ok);
  EXPECT_THAT(terminal_.out,
              HasSubstr("Applied as version 4 (77aa88bb) on every node that is up; sv2 gets it "
                        "when back.\n"));
  ASSERT_EQ(daemon_.requests().size(), 5);
  EXPECT_THAT(daemon_.requests().back(), Not(HasSubstr("dry_run")));
  EXPECT_THAT(daemon_.requests().back(), HasSubstr(R"("base":3)")) << "what it was compared with";
  EXPECT_THAT(daemon_.requests().back(), HasSubstr(R"("text":"x = 1\n")"));
}

TEST_F(CommandTest, a_text_that_changes_nothing_is_applied_without_a_question) {
  const auto file = make_file("cluster.toml", "x = 1\n");
  const Json nothing{{"counter", 3}, {"hash", "77aa88bb99"}, {"changes", Json::array()}};
  daemon_.will_answer("POST /v1/config dry", {200, nothing});
  daemon_.will_answer("POST /v1/config", {200, nothing});
  terminal_.answers = {"unasked"};
  EXPECT_EQ(run({"config", "apply", file}), Exit::ok);
  EXPECT_EQ(terminal_.out, "Nothing changes.\nIt is version 3 already.\n");
  EXPECT_EQ(terminal_.questions, "");
}

TEST_F(CommandTest, mistakes_that_the_cluster_finds_are_shown_by_line) {
  const auto file = make_file("cluster.toml", "x = 1\n");
  auto refusal = api::error_response(422, "the configuration has 1 mistake; nothing was changed");
  refusal.body["diagnostics"] = {
      {{"file", file}, {"line", 1}, {"what", "unknown key x"}, {"expected", "one of a, b"}}};
  daemon_.will_answer("POST /v1/config dry", refusal);
  EXPECT_EQ(run({"config", "apply", file, "--yes"}), Exit::failed);
  EXPECT_EQ(terminal_.out, file + ":1: unknown key x; one of a, b\n");
  EXPECT_EQ(terminal_.complaints, "the configuration has 1 mistake; nothing was changed\n");
}

TEST_F(CommandTest, a_file_is_checked_without_a_cluster) {
  socket_ = folder_ + "/none.sock";
  const auto file = make_file("cluster.toml", "[clutser]\nname = \"office\"\n");
  EXPECT_EQ(run({"config", "check", file}), Exit::failed);
  EXPECT_THAT(terminal_.out, HasSubstr(file + ":1: "));
  EXPECT_EQ(run({"config", "check", file, "--json"}), Exit::failed);
  EXPECT_EQ(Json::parse(terminal_.out).at("mistakes").at(0).at("line"), 1);
  EXPECT_EQ(run({"config", "check", folder_ + "/none.toml"}), Exit::failed);
  EXPECT_THAT(terminal_.complaints, HasSubstr("none.toml"));
}

// A configuration in which only the detection time varies.
std::string config_text(std::string_view detect) {
  return fmt::format(
      "[cluster]\nname = \"office\"\n[timing]\ndetect = \"{}\"\n"
      "[[node]]\nname = \"sv1\"\nid = 1\naddresses = [\"10.0.0.1\"]\n",
      detect);
}

TEST_F(CommandTest, versions_and_files_are_compared_from_the_older_to_the_newer) {
  const auto file = make_file("cluster.toml", config_text("900ms"));
  daemon_.will_answer("GET /v1/config", {200, {{"text", config_text("800ms")}}});
  daemon_.will_answer("GET /v1/config/{counter}", {200, {{"text", config_text("700ms")}}});
  EXPECT_EQ(run({"config", "diff", file}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("detect 800ms becomes 900ms"));
  EXPECT_EQ(run({"config", "diff", "3"}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("detect 700ms becomes 800ms"));
  EXPECT_EQ(run({"config", "diff", "3", file}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("detect 700ms becomes 900ms"));
  EXPECT_EQ(run({"config", "diff", file, "3", "--json"}), Exit::ok);
  EXPECT_EQ(Json::parse(terminal_.out).size(), 1);
  EXPECT_EQ(run({"config", "diff", make_file("same.toml", config_text("800ms"))}), Exit::ok);
  EXPECT_EQ(terminal_.out, "Nothing changes.\n");
  EXPECT_EQ(run({"config", "diff", make_file("bad.toml", "x = 1")}), Exit::failed);
  EXPECT_THAT(terminal_.out, HasSubstr("bad.toml:1: "));
}

TEST_F(CommandTest, a_checked_file_tells_the_times_that_follow) {
  const auto file = make_file("cluster.toml", config_text("800ms"));
  EXPECT_EQ(run({"config", "check", file}), Exit::ok);
  EXPECT_EQ(terminal_.out, file + ": no mistakes.\n");
  EXPECT_EQ(run({"config", "check", file, "--explain"}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("\n  t1 = "));
}

TEST_F(CommandTest, a_key_is_made_once) {
  const std::string path = folder_ + "/authkey";
  EXPECT_EQ(run({"key", "create", path}), Exit::ok);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 256);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  const std::string key = read_file(path).value_or("");
  EXPECT_EQ(run({"key", "create", path}), Exit::failed);
  EXPECT_THAT(terminal_.complaints, HasSubstr("is there already and is kept"));
  EXPECT_EQ(read_file(path).value_or("gone"), key);
}

TEST_F(CommandTest, a_wrong_command_line_is_explained) {
  EXPECT_EQ(run({"staus"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints,
              StartsWith("there is no command \"staus\"; did you mean \"status\"?\n"));
  EXPECT_THAT(terminal_.complaints, HasSubstr("More: tasuki --help"));
  EXPECT_EQ(run({"group", "mve", "db"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints,
              StartsWith("there is no command \"mve\"; did you mean \"move\"?\n"));
  EXPECT_EQ(run({"group", "move"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, HasSubstr("Usage: tasuki group move GROUP"));
  EXPECT_EQ(run({"group", "move", "db", "--wiat"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, StartsWith("not expected: --wiat; did you mean \"--wait\"?\n"));
  EXPECT_EQ(run({"group", "stop", "db", "--to", "sv1"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, StartsWith("not expected: --to sv1\n"));
  EXPECT_EQ(run({"group", "stop", "db", "--wait=5"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, HasSubstr("\"5\" has no unit"));
  EXPECT_THAT(terminal_.complaints, Not(HasSubstr("did you mean")));
  EXPECT_EQ(run({}), Exit::usage);
  EXPECT_EQ(run({"group"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, StartsWith("a command is missing\n"));
  EXPECT_EQ(run({"log", "-n", "0"}), Exit::usage);
  EXPECT_EQ(run({"completion", "tcsh"}), Exit::usage);
  EXPECT_THAT(daemon_.requests(), IsEmpty());
}

TEST_F(CommandTest, a_shell_is_refused_where_the_group_is_not) {
  daemon_.will_answer("GET /v1/groups/{name}/environment",
                      {200, {{"here", false}, {"node", "sv2"}, {"environment", Json::object()}}});
  EXPECT_EQ(run({"shell", "db"}), Exit::refused);
  EXPECT_THAT(terminal_.complaints,
              HasSubstr("group db runs on sv2, so nothing of it is on this server"));
  EXPECT_EQ(run({"shell", "db", "--prompt"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "[db is NOT HERE, but on sv2] ");
}

TEST_F(CommandTest, scheduled_backups_are_listed_with_what_came_of_them) {
  const Json last = {{"started", "2026-10-05T03:00:00Z"}, {"ok", false}, {"outcome", "no space"}};
  daemon_.will_answer(
      "GET /v1/backups",
      {200,
       {{"backups",
         {{{"group", "db"}, {"node", "sv1"}, {"next", "2026-10-06T03:00:00Z"}, {"last", last}},
          {{"group", "web"}, {"node", ""}, {"next", nullptr}, {"last", nullptr}}}}}});
  EXPECT_EQ(run({"backup", "schedule"}), Exit::ok);
  EXPECT_EQ(terminal_.out,
            "  group  on   next                 last\n"
            "  db     sv1  2026-10-06 03:00:00  2026-10-05 03:00:00 FAILED  no space\n"
            "  web    -    -                    never\n");
}

TEST_F(CommandTest, a_backup_that_cannot_begin_runs_nothing) {
  daemon_.will_answer("GET /v1/groups/{name}/environment",
                      {200, {{"here", false}, {"environment", Json::object()}}});
  daemon_.will_answer("POST /v1/groups/{name}/suspend",
                      api::error_response(409, "group db runs on sv2; say this there"));
  const std::string mark = folder_ + "/ran";
  EXPECT_EQ(run({"backup", "run", "db", "--", "touch", mark}), Exit::refused);
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(CommandTest, a_backups_failure_is_told_when_the_services_run_again) {
  daemon_.will_answer("GET /v1/groups/{name}/environment",
                      {200, {{"here", true}, {"environment", {{"INSTANCE", "one"}}}}});
  for (const char* verb : {"suspend", "resume"})
    daemon_.will_answer(fmt::format("POST /v1/groups/{{name}}/{}", verb),
                        {200, {{"settled", true}}});
  EXPECT_EQ(run({"backup", "run", "db", "--", "sh", "-c", "[ $INSTANCE = one ]"}), Exit::ok);
  EXPECT_EQ(terminal_.out, "the services of group db run again\n");
  EXPECT_EQ(run({"backup", "run", "db", "--", "sh", "-c", "exit 5"}), Exit::failed);
  EXPECT_THAT(terminal_.complaints, HasSubstr("sh -c exit 5 ended with 5"));
  EXPECT_THAT(daemon_.requests().back(), StartsWith("POST /v1/groups/{name}/resume db"));
}

TEST_F(CommandTest, the_lab_is_a_command_like_others) {
  EXPECT_EQ(run({"lab", "status", "--no-such-option"}), Exit::usage);
  EXPECT_EQ(run({"lab", "stats"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, HasSubstr("did you mean \"status\"?"));
  EXPECT_EQ(run({"lab", "cut", "sv1", "--one-way", "--dir", folder_}), Exit::failed);
  EXPECT_EQ(run({"lab", "exec", "--dir", folder_, "sv1", "--", "tasuki", "status", "--json"}),
            Exit::failed)
      << "no lab runs there";
  EXPECT_THAT(daemon_.requests(), IsEmpty());
}

TEST_F(CommandTest, help_and_version_are_commands_and_options) {
  EXPECT_EQ(run({"group", "move", "--help"}), Exit::ok);
  const std::string help = terminal_.out;
  EXPECT_EQ(run({"help", "group", "move"}), Exit::ok);
  EXPECT_EQ(terminal_.out, help);
  EXPECT_EQ(run({"help"}), Exit::ok);
  EXPECT_THAT(terminal_.out, HasSubstr("\n  status "));
  EXPECT_EQ(run({"help", "group", "mve"}), Exit::usage);
  EXPECT_THAT(terminal_.complaints, HasSubstr("did you mean \"move\"?"));
  EXPECT_EQ(run({"version"}), Exit::ok);
  const std::string version = terminal_.out;
  EXPECT_EQ(run({"--version"}), Exit::ok);
  EXPECT_EQ(terminal_.out, version);
  EXPECT_THAT(version, StartsWith("tasuki "));
}

}  // namespace
}  // namespace tasuki::cli
