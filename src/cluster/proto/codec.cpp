#include "cluster/proto/codec.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

// nlohmann::json throws on a missing key or a wrong type; the exceptions end in decode().
namespace tasuki::proto {
namespace {

using namespace core;

template <class Enum>
Json name_of(Enum value) {
  return to_text(value);
}

template <class Enum, size_t count>
Enum parse_enum(const Json& json, const std::array<Enum, count>& values) {
  for (const Enum value : values)
    if (json == to_text(value)) return value;
  throw std::runtime_error("unknown word " + json.dump());
}

constexpr std::array kLetGos{LetGo::unproven, LetGo::left,     LetGo::power_off,
                             LetGo::lease,    LetGo::released, LetGo::confirmed};
constexpr std::array kEvents{Event::start, Event::failover, Event::recover};
constexpr std::array kPhases{Phase::offline, Phase::starting, Phase::online, Phase::stopping,
                             Phase::stuck};

constexpr std::array kSoundnesses{SettingsStand::Soundness::sound, SettingsStand::Soundness::torn,
                                  SettingsStand::Soundness::damaged};

Json ids(const std::set<NodeId>& nodes) {
  Json list = Json::array();
  for (const NodeId node : nodes) list.push_back(node.value);
  return list;
}
std::set<NodeId> parse_ids(const Json& json) {
  std::set<NodeId> nodes;
  for (const Json& id : json) nodes.insert(NodeId{id.get<uint32_t>()});
  return nodes;
}
Json id_or_null(const std::optional<NodeId>& node) {
  return node ? Json(node->value) : Json(nullptr);
}
std::optional<NodeId> parse_id_or_null(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return NodeId{json.get<uint32_t>()};
}

Json write(const std::vector<ResourceReport>& resources) {
  Json list = Json::array();
  for (const auto& resource : resources)
    list.push_back({{"name", resource.name.value}, {"state", resource.state}});
  return list;
}
std::vector<ResourceReport> parse_resources(const Json& json) {
  std::vector<ResourceReport> resources;
  for (const Json& item : json)
    resources.push_back({ResourceName{item.at("name").get<std::string>()}, item.at("state")});
  return resources;
}

std::vector<WatchReport> parse_watches(const Json& json) {
  std::vector<WatchReport> watches;
  for (const Json& item : json)
    watches.push_back({item.at("id"), item.at("what"), item.at("state"), item.at("paused"),
                       item.at("paused_until"), item.at("restarts")});
  return watches;
}

Json write(const AppliedConfig& applied) {
  return {{"counter", applied.counter},
          {"hash", applied.hash},
          {"text", applied.text},
          {"applied_at", applied.applied_at},
          {"applied_by", applied.applied_by}};
}
AppliedConfig parse_applied(const Json& json, const ConfigReader& read_config) {
  AppliedConfig applied;
  applied.counter = json.at("counter");
  applied.hash = json.at("hash");
  applied.text = json.at("text");
  applied.applied_at = json.at("applied_at");
  applied.applied_by = json.at("applied_by");
  if (applied.text.empty()) return applied;
  auto config = read_config(applied.text);
  if (!config)
    throw std::runtime_error(fmt::format(
        "configuration {} has settings that this build does not know", applied.counter));
  applied.config = std::move(*config);
  return applied;
}

Json write(const Conflict& conflict) {
  return {{"first", conflict.first.value},
          {"second", conflict.second.value},
          {"proof", name_of(conflict.proof)},
          {"found_at", conflict.found_at},
          {"both_up", conflict.both_up}};
}
Conflict parse_conflict(const Json& json) {
  return {NodeId{json.at("first").get<uint32_t>()}, NodeId{json.at("second").get<uint32_t>()},
          parse_enum(json.at("proof"), kLetGos), json.at("found_at"), json.at("both_up")};
}

Json write(const Durable& durable) {
  Json groups = Json::object();
  for (const auto& [name, intent] : durable.intent.groups)
    groups[name.value] = {{"run", intent.run},
                          {"moved_to", id_or_null(intent.moved_to)},
                          {"moved_at_version", intent.moved_at_version}};
  Json let_go = Json::array();
  for (const auto& [node, proof] : durable.let_go)
    let_go.push_back({{"node", node.value}, {"proof", name_of(proof)}});
  Json last_epochs = Json::array();
  for (const auto& [node, epoch] : durable.last_epochs)
    last_epochs.push_back({{"node", node.value}, {"epoch", epoch}});
  Json retired = Json::array();
  for (const auto& [node, name] : durable.retired)
    retired.push_back({{"node", node.value}, {"name", name}});
  Json stuck = Json::array();
  for (const auto& [group, nodes] : durable.stuck)
    for (const auto& [node, reason] : nodes)
      stuck.push_back({{"group", group.value}, {"node", node.value}, {"reason", reason}});
  Json conflicts = Json::object();
  for (const auto& [group, conflict] : durable.conflicts) conflicts[group.value] = write(conflict);
  Json vouched = Json::array();
  for (const auto& [node, vouch] : durable.vouched) {
    Json had = Json::object();
    for (const auto& [group, successor] : vouch.groups) had[group.value] = id_or_null(successor);
    vouched.push_back({{"node", node.value}, {"groups", had}});
  }
  Json settings = Json::object();
  for (const auto& [group, nodes] : durable.has_settings) settings[group.value] = ids(nodes);
  return {{"epoch", durable.epoch},
          {"epoch_members", ids(durable.epoch_members)},
          {"settled_epoch", durable.settled_epoch},
          {"last_epochs", last_epochs},
          {"version", durable.version},
          {"applied", write(durable.applied)},
          {"locked", durable.intent.locked},
          {"standby", ids(durable.intent.standby)},
          {"groups", groups},
          {"let_go", let_go},
          {"retired", retired},
          {"recent", durable.recent},
          {"stuck", stuck},
          {"conflicts", conflicts},
          {"vouched", vouched},
          {"has_settings", settings}};
}
Durable parse_durable(const Json& json, const ConfigReader& read_config) {
  Durable durable;
  durable.epoch = json.at("epoch");
  durable.epoch_members = parse_ids(json.at("epoch_members"));
  durable.settled_epoch = json.at("settled_epoch");
  for (const Json& item : json.value("last_epochs", Json::array()))
    durable.last_epochs[NodeId{item.at("node").get<uint32_t>()}] = item.at("epoch");
  durable.version = json.at("version");
  durable.applied = parse_applied(json.at("applied"), read_config);
  durable.intent.locked = json.at("locked");
  durable.intent.standby = parse_ids(json.at("standby"));
  for (const auto& [name, intent] : json.at("groups").items())
    durable.intent.groups[GroupName{name}] = {
        intent.at("run"), parse_id_or_null(intent.at("moved_to")), intent.at("moved_at_version")};
  for (const Json& item : json.at("let_go"))
    durable.let_go[NodeId{item.at("node").get<uint32_t>()}] = parse_enum(item.at("proof"), kLetGos);
  for (const Json& item : json.at("retired"))
    durable.retired[NodeId{item.at("node").get<uint32_t>()}] = item.at("name");
  durable.recent = json.at("recent");
  for (const Json& item : json.at("stuck"))
    durable.stuck[GroupName{item.at("group")}][NodeId{item.at("node").get<uint32_t>()}] =
        item.at("reason");
  for (const auto& [group, conflict] : json.value("conflicts", Json::object()).items())
    durable.conflicts[GroupName{group}] = parse_conflict(conflict);
  for (const Json& item : json.value("vouched", Json::array())) {
    Vouch& vouch = durable.vouched[NodeId{item.at("node").get<uint32_t>()}];
    for (const auto& [group, successor] : item.at("groups").items())
      vouch.groups[GroupName{group}] = parse_id_or_null(successor);
  }
  for (const auto& [group, nodes] : json.value("has_settings", Json::object()).items())
    durable.has_settings[GroupName{group}] = parse_ids(nodes);
  return durable;
}

Json write(const GroupState& group) {
  Json failures = Json::array();
  for (const auto& [node, failure] : group.failures)
    failures.push_back({{"node", node.value},
                        {"reason", failure.reason},
                        {"id", failure.id},
                        {"at_start", failure.at_start},
                        {"stuck", failure.stuck}});
  return {{"holder", id_or_null(group.holder)},
          {"phase", name_of(group.phase)},
          {"wanted_up", group.wanted_up},
          {"ticket", group.ticket},
          {"event", name_of(group.event)},
          {"previous", id_or_null(group.previous)},
          {"proof", name_of(group.proof)},
          {"previous_let_go", group.previous_let_go},
          {"rested", group.rested},
          {"reason", group.reason},
          {"why_here", group.why_here},
          {"failures", failures},
          {"failed", group.failed},
          {"conflict", group.conflict ? write(*group.conflict) : Json(nullptr)},
          {"may_be_on", ids(group.may_be_on)},
          {"failback_due", group.failback_due},
          {"move_seen", group.move_seen},
          {"recover_count", group.recover_count},
          {"resources", write(group.resources)},
          {"watches", to_json(group.watches)},
          {"suspended", group.suspended}};
}
GroupState parse_group_state(const Json& json) {
  GroupState group;
  group.holder = parse_id_or_null(json.at("holder"));
  group.phase = parse_enum(json.at("phase"), kPhases);
  group.wanted_up = json.at("wanted_up");
  group.ticket = json.at("ticket");
  group.event = parse_enum(json.at("event"), kEvents);
  group.previous = parse_id_or_null(json.at("previous"));
  group.proof = parse_enum(json.at("proof"), kLetGos);
  group.previous_let_go = json.at("previous_let_go");
  group.rested = json.at("rested");
  group.reason = json.at("reason");
  group.why_here = json.at("why_here");
  for (const Json& item : json.at("failures"))
    group.failures[NodeId{item.at("node").get<uint32_t>()}] = {
        item.at("reason"), item.at("id"), item.at("at_start"), item.at("stuck")};
  group.failed = json.at("failed");
  if (const Json& conflict = json.at("conflict"); !conflict.is_null())
    group.conflict = parse_conflict(conflict);
  group.may_be_on = parse_ids(json.at("may_be_on"));
  group.failback_due = json.at("failback_due");
  group.move_seen = json.at("move_seen");
  group.recover_count = json.at("recover_count");
  group.resources = parse_resources(json.at("resources"));
  group.watches = parse_watches(json.at("watches"));
  group.suspended = json.at("suspended");
  return group;
}

Json write(const Hardware& hardware) {
  return {{"watchdog", hardware.watchdog}, {"virtual", hardware.virtual_machine}};
}
Hardware parse_hardware(const Json& json) {
  return {json.at("watchdog"), json.at("virtual")};
}

Json write(const NodeState& node) {
  return {{"hardware", node.hardware ? write(*node.hardware) : Json(nullptr)},
          {"leaving", node.leaving},
          {"may_hold_anything", node.may_hold_anything},
          {"absent_too_long", node.absent_too_long},
          {"lost", node.lost},
          {"just_back", node.just_back},
          {"back_too_long", node.back_too_long},
          {"fence_attempts", node.fence_attempts},
          {"fence_problem", node.fence_problem}};
}
NodeState parse_node_state(const Json& json) {
  const Json& hardware = json.at("hardware");
  return {hardware.is_null() ? std::nullopt : std::optional(parse_hardware(hardware)),
          json.at("leaving"),
          json.at("may_hold_anything"),
          json.at("absent_too_long"),
          json.at("lost"),
          json.at("just_back"),
          json.at("back_too_long"),
          json.at("fence_attempts"),
          json.at("fence_problem")};
}

Json write(const State& state) {
  Json groups = Json::object();
  for (const auto& [name, group] : state.groups) groups[name.value] = write(group);
  Json nodes = Json::array();
  for (const auto& [id, node] : state.nodes) {
    nodes.push_back(write(node));
    nodes.back()["id"] = id.value;
  }
  return {{"durable", write(state.durable)},
          {"groups", groups},
          {"nodes", nodes},
          {"next_ticket", state.next_ticket},
          {"next_failure", state.next_failure},
          {"met", ids(state.met)},
          {"feature_level", state.feature_level}};
}
State parse_state(const Json& json, const ConfigReader& read_config) {
  State state;
  state.durable = parse_durable(json.at("durable"), read_config);
  for (const auto& [name, group] : json.at("groups").items())
    state.groups[GroupName{name}] = parse_group_state(group);
  for (const Json& node : json.at("nodes"))
    state.nodes[NodeId{node.at("id").get<uint32_t>()}] = parse_node_state(node);
  state.next_ticket = json.at("next_ticket");
  state.next_failure = json.at("next_failure");
  state.met = parse_ids(json.at("met"));
  state.feature_level = json.at("feature_level");
  return state;
}

// A change is written as {"what": name, ...}.
Json write(const StartGroup& c) {
  return {{"what", "start"}, {"group", c.group.value}, {"to", id_or_null(c.to)}};
}
Json write(const StopGroup& c) {
  return {{"what", "stop"}, {"group", c.group.value}};
}
Json write(const RetryGroup& c) {
  return {{"what", "retry"}, {"group", c.group.value}};
}
Json write(const MoveGroup& c) {
  return {{"what", "move"}, {"group", c.group.value}, {"to", id_or_null(c.to)}};
}
Json write(const SetNodeStandby& c) {
  return {{"what", "standby"}, {"node", c.node.value}, {"on", c.standby}};
}
Json write(const SetLocked& c) {
  return {{"what", "lock"}, {"on", c.locked}};
}
Json write(const ConfirmNodeDown& c) {
  return {{"what", "confirm-down"}, {"node", c.node.value}};
}
Json write(const AcceptSettings& c) {
  return {{"what", "accept-settings"}, {"group", c.group.value}, {"node", c.node.value}};
}
Json write(const ApplyConfig& c) {
  return {{"what", "config"},
          {"applied", write(c.applied)},
          {"base", c.base ? Json(*c.base) : Json(nullptr)}};
}

Change parse_change(const Json& json, const ConfigReader& read_config) {
  const std::string what = json.at("what");
  const auto group = [&] { return GroupName{json.at("group").get<std::string>()}; };
  const auto node = [&] { return NodeId{json.at("node").get<uint32_t>()}; };
  if (what == "start") return StartGroup{group(), parse_id_or_null(json.at("to"))};
  if (what == "stop") return StopGroup{group()};
  if (what == "retry") return RetryGroup{group()};
  if (what == "move") return MoveGroup{group(), parse_id_or_null(json.at("to"))};
  if (what == "standby") return SetNodeStandby{node(), json.at("on")};
  if (what == "lock") return SetLocked{json.at("on")};
  if (what == "confirm-down") return ConfirmNodeDown{node()};
  if (what == "accept-settings") return AcceptSettings{group(), node()};
  if (what == "config")
    return ApplyConfig{
        parse_applied(json.at("applied"), read_config),
        json.at("base").is_null() ? std::optional<uint64_t>() : json.at("base").get<uint64_t>()};
  throw std::runtime_error("unknown change " + what);
}

// A message is written as {"format": 1, "say": name, ...}.
Json write(const Hello& hello) {
  Json holds = Json::array();
  for (const auto& report : hello.holds) holds.push_back(to_json(report));
  Json settings = Json::object();
  for (const auto& [group, stand] : hello.settings)
    settings[group.value] = {{"number", stand.number},
                             {"digest", stand.digest},
                             {"soundness", name_of(stand.soundness)}};
  return {{"say", "hello"},
          {"ring", hello.ring},
          {"members", ids(hello.members)},
          {"feature_level", hello.feature_level},
          {"quorate", hello.quorate},
          {"current", hello.current},
          {"forgetful", hello.forgetful},
          {"epoch", hello.epoch},
          {"epoch_members", ids(hello.epoch_members)},
          {"settled", hello.settled},
          {"settled_epoch", hello.settled_epoch},
          {"version", hello.version},
          {"config_counter", hello.config_counter},
          {"config_hash", hello.config_hash},
          {"next_ticket", hello.next_ticket},
          {"hardware", write(hello.hardware)},
          {"leased", hello.leased},
          {"time", hello.time},
          {"holds", holds},
          {"settings", settings}};
}
Hello parse_hello(const Json& json) {
  Hello hello;
  hello.ring = json.at("ring");
  hello.members = parse_ids(json.at("members"));
  hello.feature_level = json.at("feature_level");
  hello.quorate = json.at("quorate");
  hello.current = json.at("current");
  hello.forgetful = json.value("forgetful", false);
  hello.epoch = json.at("epoch");
  hello.epoch_members = parse_ids(json.at("epoch_members"));
  hello.settled = json.at("settled");
  hello.settled_epoch = json.at("settled_epoch");
  hello.version = json.at("version");
  hello.config_counter = json.at("config_counter");
  hello.config_hash = json.at("config_hash");
  hello.next_ticket = json.at("next_ticket");
  hello.hardware = parse_hardware(json.at("hardware"));
  hello.leased = json.at("leased");
  hello.time = json.at("time");
  for (const Json& report : json.at("holds")) hello.holds.push_back(group_report_from_json(report));
  for (const auto& [group, stand] : json.value("settings", Json::object()).items())
    hello.settings[GroupName{group}] = {stand.at("number"), stand.at("digest"),
                                        parse_enum(stand.at("soundness"), kSoundnesses)};
  return hello;
}
Json write(const Snapshot& m) {
  return {{"say", "snapshot"}, {"ring", m.ring}, {"state", write(m.state)}};
}
Json write(const Propose& m) {
  return {{"say", "propose"},
          {"id", m.id},
          {"change", std::visit([](const auto& change) { return write(change); }, m.change)}};
}
Json write(const Stored& m) {
  return {{"say", "stored"}, {"id", m.id}};
}
Json write(const Report& m) {
  return {{"say", "report"}, {"report", to_json(m.report)}};
}
Json write(const FenceResult& m) {
  return {{"say", "fence-result"}, {"target", m.target.value}, {"attempt", m.attempt},
          {"proved", m.proved},    {"problem", m.problem},     {"milliseconds", m.milliseconds}};
}
Json write(const Released& m) {
  return {{"say", "released"}, {"node", m.node.value}, {"epoch", m.epoch}};
}
Json write(const Wrote& m) {
  return {{"say", "wrote"}, {"sequence", m.sequence}};
}
Json write(const HasSettings& m) {
  return {{"say", "has-settings"}, {"basis", m.basis}, {"group", m.group.value}};
}
Json write(const TimerExpired& m) {
  return {{"say", "timer-expired"}, {"timer", m.timer}};
}
Json write(const Leaving&) {
  return {{"say", "leaving"}};
}
Json write(const Goodbye&) {
  return {{"say", "goodbye"}};
}
Json write(const Record& m) {
  return {{"say", "record"}, {"json", m.json}};
}
Json write(const Accounts& m) {
  Json uids = Json::object();
  for (const auto& [user, uid] : m.uids) uids[user] = uid ? Json(*uid) : Json(nullptr);
  return {{"say", "accounts"}, {"uids", std::move(uids)}};
}
Accounts parse_accounts(const Json& json) {
  Accounts accounts;
  for (const auto& [user, uid] : json.at("uids").items())
    accounts.uids[user] = uid.is_null() ? std::nullopt : std::optional(uid.get<uint32_t>());
  return accounts;
}
Json write(const Broadcast& m) {
  return {{"say", "broadcast"}, {"subject", m.subject}, {"text", m.text}};
}
Json write(const Renew& m) {
  return {{"say", "renew"}, {"sequence", m.sequence}};
}

Message parse_message(const Json& json, const ConfigReader& read_config) {
  if (json.at("format") != kFormat)
    throw std::runtime_error(
        fmt::format("format {} is not known here, only {}", json.at("format").dump(), kFormat));
  const std::string say = json.at("say");
  if (say == "hello") return parse_hello(json);
  if (say == "snapshot")
    return Snapshot{json.at("ring"), parse_state(json.at("state"), read_config)};
  if (say == "propose") return Propose{json.at("id"), parse_change(json.at("change"), read_config)};
  if (say == "stored") return Stored{json.at("id")};
  if (say == "report") return Report{group_report_from_json(json.at("report"))};
  if (say == "fence-result")
    return FenceResult{NodeId{json.at("target").get<uint32_t>()}, json.at("attempt"),
                       json.at("proved"), json.at("problem"), json.at("milliseconds")};
  if (say == "released") return Released{NodeId{json.at("node").get<uint32_t>()}, json.at("epoch")};
  if (say == "wrote") return Wrote{json.at("sequence")};
  if (say == "has-settings")
    return HasSettings{json.at("basis"), GroupName{json.at("group").get<std::string>()}};
  if (say == "timer-expired") return TimerExpired{json.at("timer")};
  if (say == "leaving") return Leaving{};
  if (say == "goodbye") return Goodbye{};
  if (say == "record") return Record{json.at("json")};
  if (say == "accounts") return parse_accounts(json);
  if (say == "broadcast") return Broadcast{json.at("subject"), json.at("text")};
  if (say == "renew") return Renew{json.at("sequence")};
  throw std::runtime_error("unknown message " + say);
}

template <class Parse>
auto parse_text(std::string_view text, const std::string& what, Parse parse)
    -> Result<decltype(parse(Json{}))> {
  try {
    return parse(Json::parse(text));
  } catch (const std::exception& problem) {
    return failure(fmt::format("{} cannot be read: {}", what, problem.what()));
  }
}

}  // namespace

std::string encode(const Message& message) {
  Json json = std::visit([](const auto& said) { return write(said); }, message);
  json["format"] = kFormat;
  // Reasons carry what programs print, in whatever encoding.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Message> decode(std::string_view text, const ConfigReader& read_config) {
  return parse_text(text, "message",
                    [&](const Json& json) { return parse_message(json, read_config); });
}

std::string encode_state_file(const StateFile& file) {
  const Json json = {{"format", kFormat},
                     {"feature_level", kFeatureLevel},
                     {"stale", file.stale},
                     {"forgetful", file.forgetful},
                     {"durable", write(file.durable)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<StateFile> decode_state_file(std::string_view text, const ConfigReader& read_config) {
  return parse_text(text, "state file", [&](const Json& json) {
    if (json.at("format") != kFormat || json.at("feature_level") > kFeatureLevel)
      throw std::runtime_error("it was written by a newer build");
    return StateFile{parse_durable(json.at("durable"), read_config), json.at("stale"),
                     json.value("forgetful", false)};
  });
}

Json to_json(const std::vector<WatchReport>& watches) {
  Json list = Json::array();
  for (const auto& watch : watches)
    list.push_back({{"id", watch.id},
                    {"what", watch.what},
                    {"state", watch.state},
                    {"paused", watch.paused},
                    {"paused_until", watch.paused_until},
                    {"restarts", watch.restarts}});
  return list;
}

Json to_json(const GroupReport& report) {
  return {{"group", report.group.value},          {"ticket", report.ticket},
          {"phase", name_of(report.phase)},       {"failure", report.failure},
          {"resources", write(report.resources)}, {"watches", to_json(report.watches)},
          {"suspended", report.suspended},        {"previous", id_or_null(report.previous)},
          {"proof", name_of(report.proof)}};
}

GroupReport group_report_from_json(const Json& json) {
  return {GroupName{json.at("group").get<std::string>()},
          json.at("ticket"),
          parse_enum(json.at("phase"), kPhases),
          json.at("failure"),
          parse_resources(json.at("resources")),
          parse_watches(json.at("watches")),
          json.at("suspended"),
          parse_id_or_null(json.at("previous")),
          parse_enum(json.at("proof"), kLetGos)};
}

}  // namespace tasuki::proto
