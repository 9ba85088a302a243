#include "cluster/runner/control.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <ranges>

#include <fmt/format.h>

#include "cluster/config/diff.hpp"
#include "cluster/config/parse.hpp"
#include "cluster/runner/control_answers.hpp"
#include "cluster/runner/control_arm.hpp"
#include "cluster/runner/control_place.hpp"
#include "cluster/runner/control_settings.hpp"
#include "cluster/runner/engine_config.hpp"
#include "cluster/runner/event_queue.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {

using api::Access;
using api::Method;
using api::Request;
using api::Response;
using core::milliseconds;

namespace {

constexpr size_t kLogLinesMax = 5000;
// A change is on every disk well within this, unless a disk or a server is in trouble.
constexpr milliseconds kChangeLimit{30'000};
constexpr milliseconds kWaitDefault{120'000};
constexpr milliseconds kWaitMax{3'600'000};

// Waits until the group has come to where it was sent; the sentence says where it is.
Task<Response> wait_for_group(Node& node, core::GroupName name, uint64_t version, bool up,
                              std::optional<core::NodeId> where, milliseconds limit) {
  const Moment deadline = now() + limit;
  for (;;) {
    const std::string word = group_state_word(node.replica(), name);
    const auto found = node.replica().state().groups.find(name);
    const bool known = found != node.replica().state().groups.end();
    const auto holder = known ? found->second.holder : std::nullopt;
    const bool there = up ? word == "online" && (!where || holder == where) : word == "stopped";
    if (there) {
      const std::string at = holder ? " on " + node.config().node_name(*holder) : "";
      co_return Response{
          200,
          {{"version", version}, {"outcome", fmt::format("group {} is {}{}", name, word, at)}}};
    }
    if (word == "failed" || word == "conflict")
      co_return api::error_response(
          500, fmt::format("group {} is {}: {}", name, word, known ? found->second.reason : ""));
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - now());
    if (left.count() <= 0)
      co_return api::error_response(
          504, fmt::format("group {} is still {} after {}: {}", name, word, format_duration(limit),
                           known ? found->second.reason : ""));
    co_await node.wait_for_change(left);
  }
}

// Why a word about a group changes nothing now; empty when it does.
std::string what_is_so_already(const Node& node, const core::GroupName& name,
                               const std::string& verb, std::optional<core::NodeId> to) {
  const std::string word = group_state_word(node.replica(), name);
  const auto found = node.replica().state().groups.find(name);
  const auto holder =
      found == node.replica().state().groups.end() ? std::nullopt : found->second.holder;
  const std::string at = holder ? " on " + node.config().node_name(*holder) : "";
  const bool was_owned_twice =
      found != node.replica().state().groups.end() && found->second.conflict.has_value();
  if (verb == "retry" && was_owned_twice)
    return word == "online" ? fmt::format("is online{}; that two servers had it is settled", at)
                            : "";
  if (verb == "stop" && word == "stopped") return "is stopped already";
  if ((verb == "start" || verb == "retry") && word == "online") return "is online already" + at;
  if (verb == "retry" && word == "stopped")
    return fmt::format("is stopped; say: tasuki group start {}", name);
  if (verb == "move" && word == "online" && to && holder == to) return "is online already" + at;
  return "";
}

Task<Response> change_group(Node& node, Request request, std::string verb) {
  const auto group = find_group(node, request.parameters.at("name"));
  if (!group) co_return error_of(group.error());
  const core::GroupName name = (*group)->name;
  std::optional<core::NodeId> to;
  if (const Json target = request.body.value("to", Json(nullptr)); !target.is_null()) {
    const auto found = find_node(node, target.get<std::string>());
    if (!found) co_return error_of(found.error());
    to = (*found)->id;
  }

  // Chosen once: asked for again, "the next one" would be another.
  if (verb == "move" && !to)
    to = core::next_node(node.replica().state(), node.replica().view(), name);
  core::Change change = core::StopGroup{name};
  if (verb == "start") change = core::StartGroup{name, to};
  if (verb == "retry") change = core::RetryGroup{name};
  if (verb == "move") change = core::MoveGroup{name, to};
  const std::string already = what_is_so_already(node, name, verb, to);
  const auto version = co_await node.change(change, kChangeLimit);
  if (!version) co_return error_of(version.error());

  if (!already.empty())
    co_return Response{
        200, {{"version", *version}, {"outcome", fmt::format("group {} {}", name, already)}}};
  if (!request.body.value("wait", false))
    co_return Response{
        200,
        {{"version", *version}, {"outcome", fmt::format("group {}: {} is under way", name, verb)}}};
  const milliseconds limit{request.body.value("wait_ms", kWaitDefault.count())};
  co_return co_await wait_for_group(node, name, *version, verb != "stop", to,
                                    std::clamp(limit, milliseconds(0), kWaitMax));
}

// An administrator's word counts only of a node that nobody sees.
Task<Result<void>> may_be_vouched_for(Node& node, core::NodeId id, bool accept_loss) {
  const std::string name = node.config().node_name(id);
  if (auto possible = core::check_change(node.replica().state(), node.replica().view(),
                                         core::ConfirmNodeDown{id});
      !possible)
    co_return possible;
  co_await node.look_for_writes(id);
  if (node.seen_with_groups().contains(id))
    co_return failure(
        fmt::format("{} is up: it writes to {} that it has groups. Switch its power off "
                    "first; until then what it has goes on there",
                    name, core::slot_place(node.config())->name()),
        EBUSY);
  if (!node.replica().may_decide() && !accept_loss)
    co_return failure(
        fmt::format("{} may have changes that this server does not know; if they may be "
                    "given up, say: tasuki node confirm-down {} --accept-loss",
                    name, name),
        EBUSY);
  co_return Result<void>{};
}

Task<Response> change_node(Node& node, Request request, std::string verb) {
  const auto found = find_node(node, request.parameters.at("name"));
  if (!found) co_return error_of(found.error());
  const core::NodeId id = (*found)->id;
  const std::string name = (*found)->name;
  core::Change change = core::SetNodeStandby{id, verb == "standby"};
  std::string outcome = verb == "standby" ? "is set aside" : "takes part again";
  const bool runs_something = std::ranges::any_of(
      node.replica().state().groups, [&](const auto& entry) { return entry.second.holder == id; });
  if (verb == "standby" && runs_something)
    outcome += node.replica().state().durable.intent.locked
                   ? "; its groups stay while the cluster is locked"
                   : "; its groups move to where they can run";
  if (verb == "confirm-down") {
    change = core::ConfirmNodeDown{id};
    outcome = "is taken for down, as you vouch";
    if (auto possible =
            co_await may_be_vouched_for(node, id, request.body.value("accept_loss", false));
        !possible)
      co_return error_of(possible.error());
    if (request.body.value("dry_run", false))
      co_return Response{200, {{"outcome", name + " may be vouched for"}}};
    if (!node.replica().may_decide()) {
      if (auto done = co_await node.confirm_down_alone(id); !done) co_return error_of(done.error());
      const Moment deadline = now() + kChangeLimit;
      while (node.replica().state().let_go(id) != core::LetGo::confirmed && now() < deadline)
        co_await node.wait_for_change(milliseconds(500));
      if (node.replica().state().let_go(id) != core::LetGo::confirmed)
        co_return api::error_response(504,
                                      "the word did not reach every server in time; say it again");
      if (const std::string obstacle = node.replica().obstacle(); !obstacle.empty())
        co_return api::error_response(409, fmt::format("{} {}; but {}", name, outcome, obstacle));
      co_return Response{
          200,
          {{"version", node.replica().state().durable.version}, {"outcome", name + " " + outcome}}};
    }
  }
  const auto version = co_await node.change(change, kChangeLimit);
  if (!version) co_return error_of(version.error());
  co_return Response{200, {{"version", *version}, {"outcome", name + " " + outcome}}};
}

Task<Response> set_locked(Node& node, bool locked) {
  const auto version = co_await node.change(core::SetLocked{locked}, kChangeLimit);
  if (!version) co_return error_of(version.error());
  co_return Response{200,
                     {{"version", *version},
                      {"outcome", locked ? "the cluster is locked; nothing fails over"
                                         : "the cluster is unlocked"}}};
}

Json record_json(const core::AppliedConfig& applied) {
  return {{"counter", applied.counter},
          {"hash", applied.hash},
          {"applied_at", applied.applied_at},
          {"applied_by", applied.applied_by}};
}

Json config_json(const core::AppliedConfig& applied) {
  Json json = record_json(applied);
  json["text"] = applied.text;
  return json;
}

Task<Response> apply_config(Node& node, Request request) {
  const std::string text = request.body.at("text");
  const auto parsed = config::parse_config(text, request.body.value("file", "cluster.toml"));
  if (!parsed.config) {
    Json diagnostics = Json::array();
    for (const auto& mistake : parsed.mistakes) diagnostics.push_back(to_json(mistake));
    Response response = api::error_response(422, "the configuration has mistakes");
    response.body["diagnostics"] = diagnostics;
    co_return response;
  }
  Json changes = Json::array();
  for (const auto& change : config::diff_configs(node.config(), *parsed.config).changes)
    changes.push_back({{"path", change.path}, {"what", change.what}});
  const core::AppliedConfig applied{0,           hash_of(text), text, time_of_day(),
                                    node.name(), *parsed.config};
  core::ApplyConfig change{applied, {}};
  if (const Json base = request.body.value("base", Json(nullptr)); !base.is_null())
    change.base = base.get<uint64_t>();
  const core::AppliedConfig& before = node.replica().state().durable.applied;
  const bool nothing_new = before.text == text;
  if (auto possible = core::check_change(node.replica().state(), node.replica().view(), change);
      !possible)
    co_return error_of(possible.error());
  if (request.body.value("dry_run", false) || (nothing_new && node.replica().may_decide()))
    co_return Response{200,
                       {{"counter", before.counter}, {"hash", applied.hash}, {"changes", changes}}};
  const auto version = co_await node.apply_config(std::move(change));
  if (!version) co_return error_of(version.error());
  const core::AppliedConfig& after = node.replica().state().durable.applied;
  Json absent = Json::array();
  for (const core::Node& configured : after.config.nodes)
    if (!node.replica().view().members.contains(configured.id)) absent.push_back(configured.name);
  co_return Response{
      200,
      {{"counter", after.counter}, {"hash", after.hash}, {"changes", changes}, {"absent", absent}}};
}

Task<Response> old_config(Node& node, Request request) {
  const std::string wanted = request.parameters.at("counter");
  for (const core::AppliedConfig& applied : node.store().history())
    if (std::to_string(applied.counter) == wanted) co_return Response{200, config_json(applied)};
  co_return api::error_response(404, fmt::format("configuration {} is not kept here; say: tasuki "
                                                 "config history",
                                                 wanted));
}

Task<Response> explain(Node& node, Request request) {
  const std::string name = request.parameters.at("name");
  Json explanations =
      explanations_json(node.replica(), node.seen_with_groups(), name, node.timelines().of(name));
  for (Json& told : explanations)
    if (told.at("kind") == "group")
      for (const std::string& problem : node.files().problems(core::GroupName{name}))
        told["facts"].push_back(problem);
  if (explanations.empty()) {
    std::vector<std::string> known;
    for (const core::Group& group : node.config().groups) known.push_back(group.name.value);
    for (const core::Node& server : node.config().nodes) known.push_back(server.name);
    const auto near = nearest_word(name, known);
    co_return api::error_response(404,
                                  fmt::format("there is no group or server \"{}\"{}", name,
                                              near ? fmt::format("; did you mean \"{}\"?", *near)
                                                   : "; there are: " + join(known, ", ")));
  }
  co_return Response{200, {{"explanations", std::move(explanations)}}};
}

uint64_t number_or(const Request& request, const std::string& name, uint64_t otherwise) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  uint64_t number = otherwise;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

// Hands every event after `since` to one reader.
Task<void> follow_events(Node& node, uint64_t since, api::EventWriter& writer) {
  auto queue = std::make_shared<EventQueue>(co_await asio::this_coro::executor);
  struct Subscription {
    EventLog& log;
    EventLog::Following following;
    ~Subscription() { log.unfollow(following); }
  };
  const Subscription subscription{
      node.events(), node.events().follow([queue](const Json& event) { queue->push(event); })};
  for (const Json& event : node.events().since(since)) queue->push(event);
  co_await queue->write_to(writer);
}

}  // namespace

void LogTail::add(std::string line) {
  lines_.push_back(std::move(line));
  if (lines_.size() > kLogLinesMax) lines_.pop_front();
}

Json LogTail::last(size_t count) const {
  Json list = Json::array();
  const size_t skipped = lines_.size() - std::min(count, lines_.size());
  for (const std::string& line : lines_ | std::views::drop(skipped)) list.push_back(line);
  return list;
}

void add_routes(api::Server& server, Node& node, const LogTail& log) {
  server.add(Method::get, "/v1/status", Access::read,
             [&node](Request) { return answer_now({200, node.status()}); });
  for (const std::string verb : {"start", "stop", "move", "retry"})
    server.add(
        Method::post, "/v1/groups/{name}/" + verb, Access::act,
        [&node, verb](Request request) { return change_group(node, std::move(request), verb); });
  for (const std::string verb : {"standby", "resume", "confirm-down"})
    server.add(
        Method::post, "/v1/nodes/{name}/" + verb, Access::act,
        [&node, verb](Request request) { return change_node(node, std::move(request), verb); });
  server.add(Method::post, "/v1/lock", Access::act,
             [&node](Request) { return set_locked(node, true); });
  server.add(Method::post, "/v1/unlock", Access::act,
             [&node](Request) { return set_locked(node, false); });
  server.add(Method::get, "/v1/config", Access::read, [&node](Request) {
    return answer_now({200, config_json(node.replica().state().durable.applied)});
  });
  server.add(Method::post, "/v1/config", Access::act,
             [&node](Request request) { return apply_config(node, std::move(request)); });
  server.add(Method::get, "/v1/config/history", Access::read, [&node](Request) {
    Json versions = Json::array();
    for (const auto& applied : node.store().history()) versions.push_back(record_json(applied));
    return answer_now({200, {{"versions", versions}}});
  });
  server.add(Method::get, "/v1/config/{counter}", Access::read,
             [&node](Request request) { return old_config(node, std::move(request)); });
  server.add(Method::get, "/v1/events", Access::read, [&node](Request request) {
    return answer_now({200, {{"events", node.events().since(number_or(request, "since", 0))}}});
  });
  server.add_stream("/v1/events/follow", [&node](Request request, api::EventWriter& writer) {
    constexpr uint64_t kNew = std::numeric_limits<uint64_t>::max();
    return follow_events(node, number_or(request, "since", kNew), writer);
  });
  server.add(Method::get, "/v1/timeline", Access::read, [&node](Request request) {
    const auto group = request.query.find("group");
    return answer_now(
        {200,
         {{"failovers", node.timelines().of(group == request.query.end() ? "" : group->second)}}});
  });
  server.add(Method::get, "/v1/explain/{name}", Access::read,
             [&node](Request request) { return explain(node, std::move(request)); });
  server.add(Method::get, "/v1/log", Access::read, [&log](Request request) {
    return answer_now({200, {{"lines", log.last(number_or(request, "lines", 100))}}});
  });
  add_arm_routes(server, node);
  add_place_routes(server, node);
  add_settings_routes(server, node);
}

}  // namespace tasuki::runner
