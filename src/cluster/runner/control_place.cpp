#include "cluster/runner/control_place.hpp"

#include <algorithm>

#include "cluster/runner/control_answers.hpp"

namespace tasuki::runner {

using api::Access;
using api::Method;
using api::Request;
using api::Response;
using core::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr milliseconds kLeaseMin = 1s;
constexpr milliseconds kLeaseMax = 60s;

// For whoever works in the group's place: what its scripts see, and whether it is here.
Response environment_json(const Node& node, const Request& request) {
  const auto group = find_group(node, request.parameters.at("name"));
  if (!group) return error_of(group.error());
  const core::GroupName name = (*group)->name;
  const GroupRunner* runner = node.find_runner(name);
  const bool here = runner != nullptr && !runner->machine().idle();
  const auto state = node.replica().state().groups.find(name);
  const bool held = state != node.replica().state().groups.end() && state->second.holder;
  return {200,
          {{"group", name.value},
           {"here", here},
           {"node", held ? Json(node.config().node_name(*state->second.holder)) : Json(nullptr)},
           {"environment", node.environment_of(**group)}}};
}

Task<Response> suspend_group(Node& node, Request request) {
  const auto runner = find_running(node, request.parameters.at("name"));
  if (!runner) co_return error_of(runner.error());
  const milliseconds lease(request.body.at("lease_ms").get<int64_t>());
  const Suspension suspension{request.body.at("key"), request.body.at("reason"),
                              now() + std::clamp(lease, kLeaseMin, kLeaseMax)};
  const auto begin = request.body.value("begin", false) ? GroupRunner::Begin::yes
                                                        : GroupRunner::Begin::only_prolong;
  if (auto suspended = (*runner)->suspend(suspension, begin); !suspended)
    co_return error_of(suspended.error());
  co_return Response{200, {{"settled", (*runner)->machine().settled()}}};
}

Task<Response> resume_group(Node& node, Request request) {
  const auto runner = find_running(node, request.parameters.at("name"));
  if (!runner) co_return error_of(runner.error());
  (*runner)->resume(request.body.at("key"));
  co_return Response{200, {{"settled", (*runner)->machine().settled()}}};
}

}  // namespace

void add_place_routes(api::Server& server, Node& node) {
  server.add(Method::get, "/v1/groups/{name}/environment", Access::read,
             [&node](Request request) { return answer_now(environment_json(node, request)); });
  server.add(Method::post, "/v1/groups/{name}/suspend", Access::act,
             [&node](Request request) { return suspend_group(node, std::move(request)); });
  server.add(Method::post, "/v1/groups/{name}/resume", Access::act,
             [&node](Request request) { return resume_group(node, std::move(request)); });
  server.add(Method::get, "/v1/backups", Access::read,
             [&node](Request) { return answer_now({200, node.backups()}); });
}

}  // namespace tasuki::runner
