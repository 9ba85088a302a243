#include "cluster/simulation/rehearsal.hpp"

#include <algorithm>

#include "kit/text.hpp"

namespace tasuki::simulation {
namespace {

// Longer than anything takes that follows by itself, a server's start and a stop that hangs
// included; failbacks and failures that expire later are not waited for.
constexpr Time kSettled = 3min;

}  // namespace

Rehearsal::Rehearsal(core::Config config, Pace pace, const Beginning& beginning)
    : config_(std::move(config)), story_(config_) {
  world_ = std::make_unique<World>(Setup{{1, "simulated", "simulated", "", "", config_},
                                         Chance::none(),
                                         traits_of(config_),
                                         std::move(pace),
                                         {},
                                         [this](const Line& line) { story_.add(line); }});
  const auto changed = [this](core::NodeId, const core::GroupName& group) {
    changed_at_[group] = world_->now();
  };
  world_->observer.held = changed;
  world_->observer.let_go = changed;
  world_->begin();
  world_->run(kSettled);
  for (const Sentence& sentence : beginning.sentences) {
    [[maybe_unused]] const auto done = world_->perform(sentence);
    world_->run(world_->now() + kSettled);
  }
}

Result<Consequences> Rehearsal::ask(const Sentence& sentence) {
  const Time asked = world_->now();
  const size_t told_before = story_.told().size();
  std::map<core::GroupName, std::string> before;
  for (const core::Group& group : config_.groups) before[group.name] = owner(group.name);
  changed_at_.clear();
  if (const auto done = world_->perform(sentence); !done) return failure(done.error());
  world_->run(asked + kSettled);

  Consequences consequences;
  for (size_t i = told_before; i < story_.told().size(); ++i) {
    consequences.told.push_back(story_.told()[i]);
    consequences.told.back().time -= asked;
  }
  for (const core::Group& group : config_.groups) {
    const std::string now = owner(group.name);
    consequences.groups.emplace_back(group.name, now.empty() ? reason_of(group.name) : now);
    if (!changed_at_.contains(group.name)) continue;
    // It is up when its last member has said so, which the story knows.
    Time up = changed_at_.at(group.name) - asked;
    for (const Story::Told& told : consequences.told)
      if (told.note.subject == "group " + group.name.value &&
          told.note.text.starts_with("is up on " + now))
        up = std::max(up, told.time);
    const std::string& from = before.at(group.name);
    consequences.moved.push_back(
        {group.name, from, now, up, proof_of(from), reason_of(group.name)});
  }
  return consequences;
}

std::string Rehearsal::owner(const core::GroupName& group) const {
  std::vector<std::string> names;
  for (const core::NodeId node : world_->holders(group)) names.push_back(config_.node_name(node));
  return join(names, " and ");
}

std::string Rehearsal::proof_of(const std::string& node) const {
  const core::Node* const left = config_.find_node(node);
  const auto via = world_->spokesman();
  if (left == nullptr || !via) return "";
  const core::LetGo proof = world_->replica(*via)->state().let_go(left->id);
  return proof == core::LetGo::unproven ? "" : core::to_text(proof);
}

std::string Rehearsal::reason_of(const core::GroupName& group) const {
  const auto via = world_->spokesman();
  if (!via) return "no server answers";
  const core::Replica& replica = *world_->replica(*via);
  if (!replica.may_decide()) return replica.obstacle();
  const auto found = replica.state().groups.find(group);
  return found == replica.state().groups.end() ? "" : found->second.reason;
}

}  // namespace tasuki::simulation
