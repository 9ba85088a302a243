#include "cluster/arm/commands.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "cluster/api/client.hpp"
#include "cluster/api/contract.hpp"
#include "cluster/api/router.hpp"
#include "cluster/arm/net.hpp"
#include "cluster/batch/command.hpp"

namespace tasuki::arm {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A tasukid that starts anew answers again well within this; its services run on meanwhile.
constexpr milliseconds kRestartLimit = 30s;
constexpr milliseconds kAskAgain = 100ms;
// One question about a program that is waited for.
constexpr milliseconds kWaitStep = 20s;
// On top of the answer itself: a service may take its start limit or stop limit, of up to a day.
constexpr milliseconds kPatience = 24h;
constexpr int kNoExitCode = 255;

int exit_of(api::Exit exit) {
  return static_cast<int>(exit);
}

bool may_be_restarting(const Error& error) {
  return error.code == ENOENT || error.code == ECONNREFUSED || error.code == ECONNRESET;
}

class Runner {
 public:
  explicit Runner(const Surroundings& surroundings)
      : surroundings_(surroundings), client_(surroundings.socket) {}

  int operator()(const Load& load) const {
    Json body = {{"id", load.id},
                 {"group", surroundings_.group()},
                 {"on_end", load.on_end == OnEnd::fail_over ? "fail_over"
                            : load.on_end == OnEnd::restart ? "restart"
                                                            : "nothing"},
                 {"restarts", load.restarts},
                 {"reset_after_h", load.reset_after_h},
                 {"through_scripts", load.through_scripts},
                 {"wait_s", load.wait_s},
                 {"interval_s", load.interval_s},
                 {"take_running", load.take_running}};
    if (!load.service.empty()) {
      body["service"] = load.service;
    } else {
      const auto program = find_program(load.command.front(), surroundings_);
      if (!program) return fail(fmt::format("{} is no program here", load.command.front()));
      std::vector<std::string> command;
      if (batch::is_batch_file(*program)) command = {surroundings_.tasuki, "script", "run"};
      command.push_back(*program);
      command.insert(command.end(), load.command.begin() + 1, load.command.end());
      body["command"] = command;
      body["user"] = load.user.empty() ? surroundings_.user : load.user;
      body["working_directory"] = surroundings_.working_directory;
      body["environment"] = surroundings_.environment;
    }
    const int loaded = finish(post("/v1/watches", body));
    return loaded == 0 && load.wait_for_end ? wait_for_end(load.id) : loaded;
  }

  int operator()(const Kill& kill) const { return finish(post(watch(kill.id) + "/kill", {})); }
  int operator()(const Pause& pause) const {
    const int64_t limit = pause.limit ? pause.limit->count() : 0;
    return finish(post(watch(pause.id) + "/pause", {{"limit_ms", limit}}));
  }
  int operator()(const Continue& go_on) const {
    return finish(post(watch(go_on.id) + "/continue", {}));
  }

  // Its own failures have a code that few programs end with.
  int operator()(const GetExitCode& get) const {
    const auto reply = ask([&] { return client_.get(watch(get.id)); });
    if (finish(reply) != 0) return kNoExitCode;
    const Json code = reply->body.at("exit_code");
    if (!code.is_null()) {
      surroundings_.say(fmt::format("{}", code.get<int>()));
      return code.get<int>();
    }
    fail(fmt::format("{} has no exit code: it is {}", get.id,
                     reply->body.at("state").get<std::string>()));
    return kNoExitCode;
  }

  int operator()(const Broadcast& broadcast) const {
    return say(broadcast.text, broadcast.everywhere);
  }
  int operator()(const Log& log) const { return say(log.text, false); }

  int operator()(const Sleep& sleep) const {
    surroundings_.sleep(sleep.time);
    return 0;
  }
  int operator()(const Delay&) const { return 0; }

  int operator()(const NetList&) const {
    const auto reply = ask([&] { return client_.get("/v1/services"); });
    if (const int problem = finish(reply); problem != 0) return problem;
    return print_net_list(surroundings_, reply->body);
  }
  int operator()(const NetStart& start) const { return net(NetVerb::start, start.service); }
  int operator()(const NetStop& stop) const { return net(NetVerb::stop, stop.service); }

 private:
  static std::string watch(const std::string& id) {
    return "/v1/watches/" + api::percent_encode(id);
  }

  // Within a script of a group, a tasukid that is just starting anew is waited for.
  template <class Question>
  Result<api::Reply> ask(Question question) const {
    milliseconds waited{};
    for (;;) {
      auto reply = question();
      const bool again = !reply && may_be_restarting(reply.error()) &&
                         !surroundings_.group().empty() && waited < kRestartLimit;
      if (!again) return reply;
      surroundings_.sleep(kAskAgain);
      waited += kAskAgain;
    }
  }

  Result<api::Reply> post(const std::string& target, Json body) const {
    bool again = false;
    return ask([&] {
      if (!body.is_object()) body = Json::object();
      body["again"] = std::exchange(again, true);
      return client_.post(target, body, kPatience);
    });
  }

  int fail(const std::string& sentence) const {
    surroundings_.complain(sentence);
    return exit_of(api::Exit::failed);
  }

  // Tells what went wrong, if anything did.
  int finish(const Result<api::Reply>& reply) const {
    if (!reply && reply.error().code == EACCES) {
      surroundings_.complain(fmt::format(
          "only root may use the ARM commands, and this runs as {}; have root's start or "
          "stop script say it, or let this user say it by sudo",
          surroundings_.user));
      return exit_of(api::Exit::refused);
    }
    if (!reply) {
      surroundings_.complain("ARM is not running here: " + reply.error().what);
      return exit_of(api::Exit::unreachable);
    }
    if (reply->status < 400) return 0;
    surroundings_.complain(reply->body.value("error", "tasukid gives no reason"));
    return exit_of(api::exit_for_status(reply->status));
  }

  int wait_for_end(const std::string& id) const {
    const std::string target = fmt::format("{}?wait_ms={}", watch(id), kWaitStep.count());
    for (;;) {
      const auto reply = ask([&] { return client_.get(target); });
      if (const int problem = finish(reply); problem != 0) return problem;
      if (reply->body.at("state") == "stopped") return 0;
    }
  }

  int say(const std::string& text, bool everywhere) const {
    return finish(
        post("/v1/messages",
             {{"text", text}, {"everywhere", everywhere}, {"group", surroundings_.group()}}));
  }

  int net(NetVerb verb, const std::string& service) const {
    const std::string target = fmt::format("/v1/services/{}/{}", api::percent_encode(service),
                                           verb == NetVerb::start ? "start" : "stop");
    const auto reply = post(target, {{"group", surroundings_.group()}});
    if (!reply) return finish(reply);
    return print_net_outcome(surroundings_, verb, service, reply->status, reply->body);
  }

  const Surroundings& surroundings_;
  api::Client client_;
};

}  // namespace

int run(const Command& command, const Surroundings& surroundings) {
  return std::visit(Runner(surroundings), command);
}

int run_command_line(const std::string& name, const std::vector<std::string>& arguments,
                     const Surroundings& surroundings) {
  const auto command = parse(name, arguments);
  if (command) return run(*command, surroundings);
  surroundings.complain(command.error().what);
  return exit_of(api::Exit::usage);
}

}  // namespace tasuki::arm
