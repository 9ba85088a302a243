// The part of the node that runs services with scope = "node": on every node, whatever the cluster
// decides (chapter 4 of the guide, where the form server runs everywhere and only its shells move).
#include <algorithm>

#include "cluster/runner/node.hpp"

namespace tasuki::runner {
namespace {

// A service that failed more often than it may be restarted is tried again after this.
constexpr core::milliseconds kTryAgain{10'000};
constexpr int kRestarts = 5;

executor::GroupSpec node_services_spec(const core::Config& config) {
  executor::GroupSpec spec{kNodeServices, {}, {}};
  for (const core::Service& service : config.services) {
    if (service.scope != core::ServiceScope::node) continue;
    core::Resource resource{core::ResourceName{service.name.value}, core::ServiceUse{service.name}};
    resource.start_limit = service.start_limit;
    resource.stop_limit = service.stop_limit;
    resource.restarts = kRestarts;
    spec.items.push_back({resource, service});
  }
  return spec;
}

}  // namespace

Task<void> Node::adopt_node_services(process::HelloReply kept) {
  // They run on every node at once, so no right to own them is needed.
  node_services_context_.lease_held = [] { return true; };
  node_services_ =
      std::make_unique<GroupRunner>(node_services_context_, node_services_spec(config()));
  const auto known = std::ranges::find(kept.groups, kNodeServices.value, &process::KeptGroup::name);
  if (known != kept.groups.end()) co_await node_services_->adopt(*known);
  update_node_services();
}

void Node::update_node_services() {
  node_services_->set_spec(node_services_spec(config()));
  executor::Order order = node_services_->machine().order();
  const bool any = !node_services_->machine().spec().items.empty();
  if (any && !order.up) ++order.ticket;
  order.up = any;
  node_services_->set_order(order);
}

void Node::node_services_reported(const core::GroupReport& report) {
  node_services_report_ = report;
  if (report.phase != core::Phase::offline || report.failure.empty()) return;
  note(core::Note::Level::error, "services of this node", report.failure);
  node_services_retry_.expires_after(kTryAgain);
  node_services_retry_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) update_node_services();
  });
}

std::map<std::string, std::string> Node::node_service_states() const {
  std::map<std::string, std::string> states;
  for (const auto& resource : node_services_report_.resources)
    states[resource.name.value] = resource.state;
  return states;
}

}  // namespace tasuki::runner
