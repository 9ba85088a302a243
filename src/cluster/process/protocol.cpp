#include "cluster/process/protocol.hpp"

#include <cstring>
#include <functional>
#include <optional>

#include <fmt/format.h>

namespace tasuki::process {
namespace {

// Replaces what is not UTF-8, which a process may well print.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int64_t to_nanoseconds(Moment moment) {
  return std::chrono::nanoseconds(moment.time_since_epoch()).count();
}
Moment from_nanoseconds(int64_t count) {
  return Moment(std::chrono::nanoseconds(count));
}

Json releases_to_json(const std::vector<Release>& releases) {
  Json list = Json::array();
  for (const Release& release : releases) list.push_back(to_json(release));
  return list;
}

// Inside parse(), which turns every exception of the JSON library into an Error, a release that is
// wrong is thrown as well.
struct Refused {
  Error error;
};

std::vector<Release> releases_of(const Json& list) {
  std::vector<Release> releases;
  for (const Json& item : list) {
    auto release = release_from_json(item);
    if (!release) throw Refused{release.error()};
    releases.push_back(std::move(*release));
  }
  return releases;
}

void put(Json& json, const ProcessName& name) {
  json["group"] = name.group;
  json["key"] = name.key;
}
ProcessName process_name_of(const Json& json) {
  return {json.at("group"), json.at("key")};
}

// Requests.
void put(Json& json, const Hello&) {
  json["op"] = "hello";
}
void put(Json& json, const OpenGroup& open) {
  json.update({{"op", "open-group"},
               {"group", open.group},
               {"releases", releases_to_json(open.releases)},
               {"note", open.note}});
}
void put(Json& json, const CloseGroup& close) {
  json.update({{"op", "close-group"}, {"group", close.group}});
}
void put(Json& json, const Spawn& spawn) {
  put(json, spawn.name);
  json.update({{"op", "spawn"},
               {"command", spawn.command},
               {"user", spawn.user},
               {"uid", spawn.identity.uid},
               {"gid", spawn.identity.gid},
               {"groups", spawn.identity.groups},
               {"home", spawn.identity.home},
               {"environment", spawn.environment},
               {"working_directory", spawn.working_directory},
               {"tag", spawn.tag},
               {"slice", spawn.slice}});
}
void put(Json& json, const Stop& stop) {
  put(json, stop.name);
  json.update({{"op", "stop"}, {"signal", stop.signal}, {"limit_ms", stop.limit.count()}});
}
void put(Json& json, const KillGroup& kill) {
  json.update({{"op", "kill-group"}, {"group", kill.group}});
}
void put(Json& json, const Lease& lease) {
  json.update({{"op", "lease"},
               {"from_monotonic_ns", to_nanoseconds(lease.from)},
               {"ms", lease.lease.count()},
               {"release_ms", lease.release.count()}});
}
void put(Json& json, const ResetNode& reset) {
  json.update({{"op", "reset"}, {"reason", reset.reason}});
}

Operation operation_of(const Json& json) {
  const auto op = json.at("op").get<std::string>();
  if (op == "hello") return Hello{};
  if (op == "open-group")
    return OpenGroup{json.at("group"), releases_of(json.at("releases")), json.at("note")};
  if (op == "close-group") return CloseGroup{json.at("group")};
  if (op == "spawn")
    return Spawn{process_name_of(json),
                 json.at("command"),
                 json.at("user"),
                 json.at("environment"),
                 json.at("working_directory"),
                 json.at("tag"),
                 json.value("slice", std::string()),
                 {json.at("uid"), json.at("gid"), json.at("groups"), json.at("home")}};
  if (op == "stop")
    return Stop{process_name_of(json), json.at("signal"),
                milliseconds(json.at("limit_ms").get<int64_t>())};
  if (op == "kill-group") return KillGroup{json.at("group")};
  if (op == "lease")
    return Lease{from_nanoseconds(json.at("from_monotonic_ns")),
                 milliseconds(json.at("ms").get<int64_t>()),
                 milliseconds(json.at("release_ms").get<int64_t>())};
  if (op == "reset") return ResetNode{json.at("reason")};
  throw Refused{{fmt::format("the operation \"{}\" is not known", op)}};
}

// Replies.
void put(Json& json, const Done&) {
  json["ok"] = true;
}
void put(Json& json, const HelloReply& reply) {
  Json groups = Json::array();
  for (const KeptGroup& group : reply.groups) {
    Json processes = Json::array();
    for (const KeptProcess& process : group.processes)
      processes.push_back({{"key", process.key}, {"pid", process.pid}, {"tag", process.tag}});
    groups.push_back({{"name", group.name},
                      {"note", group.note},
                      {"releases", releases_to_json(group.releases)},
                      {"processes", std::move(processes)}});
  }
  json.update({{"ok", true},
               {"version", kProtocolVersion},
               {"groups", std::move(groups)},
               {"lease_expired", reply.lease_expired},
               {"watchdog", reply.watchdog},
               {"leased", reply.leased}});
}
void put(Json& json, const SpawnReply& reply) {
  json.update({{"ok", true}, {"pid", reply.pid}});
}
void put(Json& json, const StopReply& reply) {
  json.update({{"ok", true}, {"forced", reply.forced}});
}
void put(Json& json, const Error& error) {
  json.update({{"ok", false}, {"error", error.what}});
}

HelloReply hello_reply_of(const Json& json) {
  if (const int version = json.at("version"); version != kProtocolVersion)
    throw Refused{
        {fmt::format("the keeper speaks version {} and this tasukid version {}; restart "
                     "the older one after its upgrade",
                     version, kProtocolVersion)}};
  HelloReply reply;
  reply.lease_expired = json.at("lease_expired");
  reply.watchdog = json.at("watchdog");
  reply.leased = json.at("leased");
  for (const Json& item : json.at("groups")) {
    KeptGroup group{item.at("name"), item.at("note"), releases_of(item.at("releases")), {}};
    for (const Json& process : item.at("processes"))
      group.processes.push_back({process.at("key"), process.at("pid"), process.at("tag")});
    reply.groups.push_back(std::move(group));
  }
  return reply;
}

Answer answer_of(const Json& json) {
  if (!json.at("ok").get<bool>()) return Error{json.at("error")};
  if (json.contains("groups")) return hello_reply_of(json);
  if (json.contains("pid")) return SpawnReply{json.at("pid")};
  if (json.contains("forced")) return StopReply{json.at("forced")};
  return Done{};
}

// Events.
void put(Json& json, const Exited& exited) {
  put(json, exited.name);
  json.update(
      {{"event", "exited"},
       {"pid", exited.pid},
       {exited.status.how == ExitStatus::How::code ? "code" : "signal", exited.status.value},
       {"monotonic_ns", to_nanoseconds(exited.at)}});
}
void put(Json& json, const Output& output) {
  put(json, output.name);
  json.update({{"event", "output"}, {"line", output.line}});
}
void put(Json& json, const OutputLost& lost) {
  json.update({{"event", "output-lost"}, {"lines", lost.lines}});
}
Event event_of(const Json& json) {
  const auto event = json.at("event").get<std::string>();
  if (event == "exited") {
    const bool code = json.contains("code");
    return Exited{
        process_name_of(json),
        json.at("pid"),
        {code ? ExitStatus::How::code : ExitStatus::How::signal, json.at(code ? "code" : "signal")},
        from_nanoseconds(json.at("monotonic_ns"))};
  }
  if (event == "output") return Output{process_name_of(json), json.at("line")};
  if (event == "output-lost") return OutputLost{json.at("lines")};
  throw Refused{{fmt::format("the event \"{}\" is not known", event)}};
}

// Reads a packet with `reader`; what does not fit is the other side's mistake and told as such.
template <class Value, class Reader>
Result<Value> parse(std::string_view packet, Reader reader) {
  try {
    return Value(reader(Json::parse(packet)));
  } catch (const Refused& refused) {
    return failure(refused.error);
  } catch (const Json::exception& problem) {
    return failure(fmt::format("not understood: {}", problem.what()));
  }
}

}  // namespace

std::string describe(const ExitStatus& status) {
  if (status.how == ExitStatus::How::code) return fmt::format("exited with code {}", status.value);
  return fmt::format("was killed by signal {} ({})", status.value, ::strsignal(status.value));
}

std::string to_packet(const Request& request) {
  Json json{{"id", request.id}};
  std::visit([&](const auto& operation) { put(json, operation); }, request.operation);
  return dump(json);
}

std::string to_packet(const Reply& reply) {
  Json json{{"id", reply.id}};
  std::visit([&](const auto& answer) { put(json, answer); }, reply.answer);
  return dump(json);
}

std::string to_packet(const Event& event) {
  Json json = Json::object();
  std::visit([&](const auto& what) { put(json, what); }, event);
  return dump(json);
}

Result<Request> parse_request(std::string_view packet) {
  return parse<Request>(
      packet, [](const Json& json) { return Request{json.at("id"), operation_of(json)}; });
}

Result<FromKeeper> parse_from_keeper(std::string_view packet) {
  return parse<FromKeeper>(packet, [](const Json& json) -> FromKeeper {
    if (json.contains("event")) return event_of(json);
    return Reply{json.at("id"), answer_of(json)};
  });
}

}  // namespace tasuki::process
