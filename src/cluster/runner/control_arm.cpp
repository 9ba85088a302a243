#include "cluster/runner/control_arm.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include <fmt/format.h>

#include "cluster/core/watch_ids.hpp"
#include "cluster/runner/control_answers.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {

using api::Access;
using api::Method;
using api::Request;
using api::Response;
using core::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr milliseconds kWaitMax = 30s;
constexpr size_t kMessageBytesMax = 4096;

using Watches = std::shared_ptr<WatchRunner>;

// --- Which group is meant -----------------------------------------------------------------------

Result<Watches> watches_of(const Node& node, const std::string& group) {
  const auto runner = find_running(node, group);
  if (!runner) return failure(runner.error());
  if (auto watches = (*runner)->watches()) return watches;
  const auto& suspension = (*runner)->suspension();
  if (suspension)
    return failure(fmt::format("group {} is suspended: {}", group, suspension->reason), EBUSY);
  return failure(fmt::format("group {} has no [group.scripts], and what ARM commands and net start "
                             "run belongs to them",
                             group),
                 EBUSY);
}

// The groups with watches on this node.
std::vector<std::pair<core::GroupName, Watches>> watches_here(const Node& node) {
  std::vector<std::pair<core::GroupName, Watches>> here;
  for (const core::Group& group : node.config().groups)
    if (GroupRunner* runner = node.find_runner(group.name))
      if (auto watches = runner->watches()) here.emplace_back(group.name, std::move(watches));
  return here;
}

// The group that a request names, or the only one that can be meant.
Result<core::GroupName> group_of(const Node& node, const Request& request,
                                 const core::ServiceName* service) {
  if (const std::string named = request.body.value("group", ""); !named.empty())
    return core::GroupName{named};
  const auto here = watches_here(node);
  for (const auto& [name, watches] : here)
    if (service != nullptr && watches->machine().find_service(*service) != nullptr) return name;
  if (here.size() == 1) return here.front().first;
  if (here.empty()) return failure("no group with scripts runs on this server", EBUSY);
  return failure("several groups run on this server; say it within: tasuki shell GROUP", EBUSY);
}

Result<Watches> find_watch(const Node& node, const std::string& id) {
  for (const auto& [name, watches] : watches_here(node))
    if (watches->machine().find_id(id) != nullptr) return watches;
  const auto owner = core::find_watch_owner(node.replica().state(), id);
  if (owner) return failure(not_here(node, *owner));
  return failure(fmt::format("nothing is watched as {}", id), ENOENT);
}

// --- Watches ------------------------------------------------------------------------------------

Response done(const std::string& outcome) {
  return {200, {{"outcome", outcome}}};
}

Result<const core::Service*> find_service(const Node& node, const std::string& called) {
  const core::Service* service = node.config().find_service_called(called);
  if (service == nullptr) {
    std::vector<std::string> known;
    for (const core::Service& each : node.config().services) known.push_back(each.display_name);
    return failure(fmt::format("there is no service \"{}\"{}", called, did_you_mean(called, known)),
                   ENOENT);
  }
  if (service->scope == core::ServiceScope::node)
    return failure(fmt::format("{} runs on every server, outside groups", service->display_name),
                   EBUSY);
  return service;
}

// One of the group's own `services`; its state, or nothing.
std::optional<std::string> state_as_resource(const Node& node, const core::GroupName& group,
                                             const core::ServiceName& service) {
  const core::Group* configured = node.config().find_group(group);
  const GroupRunner* runner = node.find_runner(group);
  const auto held = runner == nullptr ? std::nullopt : runner->holds();
  if (configured == nullptr || !held) return std::nullopt;
  for (const core::Resource& resource : configured->resources) {
    const auto* use = std::get_if<core::ServiceUse>(&resource.what);
    if (use == nullptr || use->service != service) continue;
    const auto reported =
        std::ranges::find(held->resources, resource.name, &core::ResourceReport::name);
    return reported == held->resources.end() ? "down" : reported->state;
  }
  return std::nullopt;
}

Result<void> check_no_resource(const Node& node, const core::GroupName& group,
                               const core::Service& service) {
  if (!state_as_resource(node, group, service.name)) return {};
  return failure(fmt::format("{} is one of the services that group {} runs and watches by itself; "
                             "to stop them for a while, say: tasuki backup run",
                             service.display_name, group),
                 EBUSY);
}

executor::OnEnd parse_on_end(const std::string& word) {
  if (word == "fail_over") return executor::OnEnd::fail_over;
  if (word == "restart") return executor::OnEnd::restart;
  return executor::OnEnd::nothing;
}

milliseconds seconds_of(const Json& body, const char* key) {
  return std::chrono::seconds(body.value(key, int64_t{0}));
}

// What ARMLOAD says, without what it watches.
executor::WatchOrder order_of(const Json& body) {
  executor::WatchOrder order;
  order.id = body.value("id", "");
  order.on_end = parse_on_end(body.value("on_end", ""));
  order.restarts = body.value("restarts", 0);
  if (const int64_t hours = body.value("reset_after_h", int64_t{0}); hours > 0)
    order.reset_after = std::chrono::hours(hours);
  order.through_scripts = body.value("through_scripts", false);
  order.wait = seconds_of(body, "wait_s");
  order.interval = seconds_of(body, "interval_s");
  order.take_running = body.value("take_running", false);
  return order;
}

// A command that was said again because tasukid went away before its answer came.
bool is_done_already(const Watches& watches, const executor::WatchOrder& order) {
  const executor::Watch* known = watches->machine().find_id(order.id);
  return known != nullptr && known->order == order;
}

Task<Response> load_watch(Node& node, Request request) {
  executor::WatchOrder order = order_of(request.body);
  if (auto sound = core::check_watch_id(order.id); !sound) co_return error_of(sound.error());
  const core::Service* service = nullptr;
  if (request.body.contains("service")) {
    const auto found = find_service(node, request.body.at("service"));
    if (!found) co_return error_of(found.error());
    service = *found;
    order.what = service->name;
    order.shown = service->display_name;
  } else {
    const std::vector<std::string> command = request.body.at("command");
    if (command.empty()) co_return api::error_response(422, "there is no program to run");
    order.what = executor::Program{
        command, request.body.value("user", "root"), request.body.value("working_directory", "/"),
        request.body.value("environment", std::map<std::string, std::string>{})};
    order.shown = command.front();
  }
  const auto group = group_of(node, request, service == nullptr ? nullptr : &service->name);
  if (!group) co_return error_of(group.error());
  const auto watches = watches_of(node, group->value);
  if (!watches) co_return error_of(watches.error());
  if (service != nullptr)
    if (auto free = check_no_resource(node, *group, *service); !free)
      co_return error_of(free.error());
  const std::string id = order.id;
  const std::string shown = order.shown;
  if (!request.body.value("again", false) || !is_done_already(*watches, order))
    if (auto loaded = co_await WatchRunner::load(*watches, std::move(order)); !loaded)
      co_return error_of(loaded.error());
  co_return done(fmt::format("{} runs as {}", shown, id));
}

Json watch_json(const executor::Watch& watch) {
  return {{"id", watch.order.id},
          {"what", watch.order.shown},
          {"state", to_text(watch.phase)},
          {"paused", watch.pause.has_value()},
          {"restarts", watch.restarts.count},
          {"exit_code", watch.exit_code ? Json(*watch.exit_code) : Json(nullptr)}};
}

milliseconds wait_of(const Request& request) {
  const auto asked = request.query.find("wait_ms");
  int64_t wait = 0;
  if (asked != request.query.end())
    std::from_chars(asked->second.data(), asked->second.data() + asked->second.size(), wait);
  return std::clamp(milliseconds(wait), milliseconds(0), kWaitMax);
}

// With a wait it answers when the watch has come to rest, or when the wait is over.
Task<Response> show_watch(Node& node, Request request) {
  const std::string id = request.parameters.at("id");
  const Moment deadline = now() + wait_of(request);
  for (;;) {
    const auto watches = find_watch(node, id);
    if (!watches) co_return error_of(watches.error());
    const executor::Watch& watch = *(*watches)->machine().find_id(id);
    const auto left = std::chrono::ceil<milliseconds>(deadline - now());
    if (watch.phase == executor::WatchPhase::stopped || left.count() <= 0)
      co_return Response{200, watch_json(watch)};
    co_await node.wait_for_change(left);
  }
}

Task<Response> change_watch(Node& node, Request request, std::string verb) {
  const std::string id = request.parameters.at("id");
  const auto watches = find_watch(node, id);
  if (!watches) co_return error_of(watches.error());
  Result<void> outcome;
  std::string text = "is watched again";
  if (verb == "kill") {
    outcome = co_await WatchRunner::kill(*watches, id);
    text = "has ended";
  } else if (verb == "pause") {
    const int64_t limit = request.body.value("limit_ms", int64_t{0});
    outcome = (*watches)->pause(id, limit > 0 ? std::optional(milliseconds(limit)) : std::nullopt);
    text = "is paused";
  } else {
    outcome = (*watches)->resume(id);
  }
  if (!outcome) co_return error_of(outcome.error());
  co_return done(fmt::format("{} {}", id, text));
}

// --- Services -----------------------------------------------------------------------------------

// net start and net stop end with 2 when there is nothing to do.
Response net_error(const Error& error) {
  constexpr int kNothingToDo = 2;
  Response response = error_of(error);
  if (error.code == EALREADY) response.body["exit"] = kNothingToDo;
  response.body["already"] = error.code == EALREADY;
  return response;
}

Task<Response> change_service(Node& node, Request request, std::string verb) {
  const auto service = find_service(node, request.parameters.at("name"));
  if (!service) co_return error_of(service.error());
  const core::ServiceName name = (*service)->name;
  const std::string shown = (*service)->display_name;
  const auto group = group_of(node, request, &name);
  if (!group) co_return error_of(group.error());
  const auto as_resource = state_as_resource(node, *group, name);
  if (as_resource == "up" && verb == "start")
    co_return net_error({fmt::format("{} runs already", shown), EALREADY});
  if (auto free = check_no_resource(node, *group, **service); !free)
    co_return error_of(free.error());
  const auto watches = watches_of(node, group->value);
  if (!watches) co_return error_of(watches.error());
  Result<void> outcome;
  if (verb == "start") {
    executor::WatchOrder order;
    order.what = name;
    order.shown = shown;
    outcome = co_await WatchRunner::load(*watches, std::move(order));
  } else {
    outcome = co_await WatchRunner::stop_service(*watches, name);
  }
  if (!outcome) co_return net_error(outcome.error());
  co_return Response{200, {{"outcome", shown}, {"service", shown}}};
}

Json service_json(const core::GroupName& group, const std::string& shown,
                  const std::string& state) {
  return {{"name", shown}, {"group", group.value}, {"state", state}};
}

Json services_json(const Node& node) {
  Json list = Json::array();
  for (const core::Group& group : node.config().groups)
    for (const core::Service& service : node.config().services)
      if (const auto state = state_as_resource(node, group.name, service.name))
        list.push_back(
            service_json(group.name, service.display_name, *state == "up" ? "running" : *state));
  for (const auto& [name, watches] : watches_here(node))
    for (const executor::Watch& watch : watches->machine().all())
      if (std::holds_alternative<core::ServiceName>(watch.order.what))
        list.push_back(service_json(name, watch.order.shown, to_text(watch.phase)));
  return {{"services", list}};
}

// --- Words --------------------------------------------------------------------------------------

Task<Response> say_message(Node& node, Request request) {
  std::string text = request.body.at("text");
  if (text.empty() || text.size() > kMessageBytesMax)
    co_return api::error_response(
        422, fmt::format("a message has from 1 to {} bytes", kMessageBytesMax));
  const std::string group = request.body.value("group", "");
  const std::string subject = group.empty() ? "node " + node.name() : "group " + group;
  if (request.body.value("everywhere", false))
    node.broadcast({subject, text});
  else
    node.tell(subject, text);
  co_return done("it was said");
}

}  // namespace

void add_arm_routes(api::Server& server, Node& node) {
  server.add(Method::post, "/v1/watches", Access::act,
             [&node](Request request) { return load_watch(node, std::move(request)); });
  server.add(Method::get, "/v1/watches/{id}", Access::read,
             [&node](Request request) { return show_watch(node, std::move(request)); });
  for (const std::string verb : {"kill", "pause", "continue"})
    server.add(
        Method::post, "/v1/watches/{id}/" + verb, Access::act,
        [&node, verb](Request request) { return change_watch(node, std::move(request), verb); });
  server.add(Method::get, "/v1/services", Access::read,
             [&node](Request) { return answer_now({200, services_json(node)}); });
  for (const std::string verb : {"start", "stop"})
    server.add(
        Method::post, "/v1/services/{name}/" + verb, Access::act,
        [&node, verb](Request request) { return change_service(node, std::move(request), verb); });
  server.add(Method::post, "/v1/messages", Access::act,
             [&node](Request request) { return say_message(node, std::move(request)); });
}

}  // namespace tasuki::runner
