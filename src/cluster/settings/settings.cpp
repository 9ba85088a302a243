#include "cluster/settings/settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/settings/file_item.hpp"

namespace tasuki::settings {
namespace {

// About what a record says of an item besides its id and data.
constexpr size_t kBytesPerItem = 16;

Facts facts_of(const core::Replica& replica, const core::Group& group) {
  const core::State& state = replica.state();
  Facts facts;
  facts.open = replica.may_decide();
  facts.settled = replica.epoch_settled();
  facts.basis = replica.settings_basis();
  facts.members = replica.view().members;
  if (const auto having = state.durable.has_settings.find(group.name);
      having != state.durable.has_settings.end())
    facts.having = having->second;
  if (const auto now = state.groups.find(group.name); now != state.groups.end())
    facts.holder = now->second.holder;
  facts.wanted_here = std::ranges::find(group.policy, replica.self()) != group.policy.end();
  return facts;
}

}  // namespace

Settings::Settings(core::NodeId self, FileState file, uint64_t first_batch, PlacesOf places_of)
    : self_(self),
      first_batch_(first_batch),
      places_of_(std::move(places_of)),
      from_file_(std::move(file)) {
  if (auto own = from_file_.contents.extract(kOfNode)) of_node_ = std::move(own.mapped());
}

core::SettingsStand::Soundness Settings::soundness_in_file(const core::GroupName& group) const {
  const auto found = from_file_.soundness_of.find(group);
  return found == from_file_.soundness_of.end() ? from_file_.soundness
                                                : std::max(found->second, from_file_.soundness);
}

NodeEffects Settings::replica_changed(const core::Replica& replica) {
  basis_ = replica.settings_basis();
  if (arranged_for_ != replica.state().durable.applied.counter) arrange(replica);
  for (const core::Group& group : replica.state().config().groups)
    if (const auto found = followers_.find(group.name); found != followers_.end())
      gather(group.name, found->second->facts(facts_of(replica, group)));
  return take();
}

// What follows a group is kept with it, everything else with the node.
void Settings::arrange(const core::Replica& replica) {
  const core::Config& config = replica.state().config();
  arranged_for_ = replica.state().durable.applied.counter;
  places_.clear();
  policy_sizes_.clear();
  if (config.find_node(self_) == nullptr) return forget_groups();
  for (const core::Group& group : config.groups)
    if (core::follows_settings(group)) {
      for (std::string& place : places_of_(group)) places_[std::move(place)] = group.name;
      policy_sizes_[group.name] = group.policy.size();
    }
  // Nothing may be added behind what makes no sense.
  bool moved = from_file_.soundness != core::SettingsStand::Soundness::sound;
  // Keys stay with the node; a file is on its disk anyway.
  const auto stay = [&](const std::vector<Item>& items) {
    moved |= !items.empty();
    for (const Item& item : items)
      if (item.entry.there && !is_file_id(item.id))
        of_node_.take({item.id, {item.entry.data, true, 0}});
  };
  // Groups that are no more, or that nothing follows any more.
  for (auto& [group, content] : from_file_.contents)
    if (!policy_sizes_.contains(group)) stay(content.take_out(""));
  for (auto& [group, follower] : followers_)
    if (!policy_sizes_.contains(group)) {
      gather(group, follower->engine_lost());
      stay(follower->reassign({""}, {}, false));
    }
  std::erase_if(followers_,
                [&](const auto& entry) { return !policy_sizes_.contains(entry.first); });

  for (const auto& [group, nodes] : policy_sizes_) {
    auto& follower = followers_[group];
    if (follower) continue;
    const auto kept = from_file_.contents.extract(group);
    follower = std::make_unique<Follower>(self_, group, kept ? kept.mapped() : Content{},
                                          soundness_in_file(group), first_batch_);
  }
  from_file_ = {};
  std::map<core::GroupName, std::vector<Item>> come;
  for (const auto& [place, group] : places_)
    std::ranges::move(of_node_.take_out(place), std::back_inserter(come[group]));
  for (auto& [group, follower] : followers_) {
    std::vector<std::string> leave;
    for (const auto& [id, entry] : follower->content().entries())
      if (owner_of(id) != group) leave.push_back(id);
    auto items = std::move(come[group]);
    std::erase_if(items, [](const Item& item) { return !item.entry.there; });
    if (leave.empty() && items.empty()) continue;
    moved = true;
    stay(follower->reassign(leave, std::move(items), replica.state().has_settings(group, self_)));
  }
  if (moved) effects_.keep.push_back(all_records());
}

// A node that was removed keeps nothing of what the others share.
void Settings::forget_groups() {
  for (auto& [group, follower] : followers_) gather(group, follower->engine_lost());
  const bool had_some = !followers_.empty() || !from_file_.contents.empty();
  followers_.clear();
  from_file_ = {};
  if (had_some) effects_.keep.push_back(all_records());
}

core::GroupName Settings::owner_of(std::string_view id) const {
  // Places do not lie in each other, so only the last one before it can hold it.
  auto after = places_.upper_bound(id);
  while (after != places_.begin()) {
    --after;
    if (is_at_or_below(id, after->first)) return after->second;
    if (!id.starts_with(after->first.substr(0, 1))) break;
  }
  return kOfNode;
}

std::optional<std::pair<std::string, core::GroupName>> Settings::find_place_below(
    std::string_view place) const {
  const auto found = places_.lower_bound(place);
  if (found == places_.end() || !is_at_or_below(found->first, place)) return std::nullopt;
  return *found;
}

NodeEffects Settings::engine_lost() {
  for (auto& [group, follower] : followers_) gather(group, follower->engine_lost());
  return take();
}

NodeEffects Settings::delivered(core::NodeId from, const Message& message) {
  const core::GroupName& group =
      std::visit([](const auto& said) -> const core::GroupName& { return said.group; }, message);
  if (const auto found = followers_.find(group); found != followers_.end())
    gather(group, found->second->delivered(from, message));
  return take();
}

NodeEffects Settings::stored(const std::map<core::GroupName, OnDisk>& on_disk) {
  for (const auto& [group, news] : on_disk) {
    if (group == kOfNode) {
      std::erase_if(of_node_unacknowledged_, [&](const auto& waiting) {
        const bool done = waiting.first <= news.number;
        if (done) effects_.answers.push_back({waiting.second, Verdict::made});
        return done;
      });
      of_node_.committed = news.number;
    } else if (const auto found = followers_.find(group); found != followers_.end()) {
      gather(group, found->second->stored(news.records, news.number));
    }
  }
  return take();
}

NodeEffects Settings::request(uint64_t id, const core::GroupName& group, std::vector<Edit> edits) {
  if (group != kOfNode) {
    const auto found = followers_.find(group);
    if (found == followers_.end())
      effects_.answers.push_back({id, Verdict::elsewhere});
    else
      gather(group, found->second->request(id, std::move(edits)));
    return take();
  }
  if (!edits.empty()) {
    effects_.made[kOfNode] = of_node_.apply(edits);
    effects_.keep.push_back(
        {{Changes{kOfNode, of_node_.number, of_node_.committed, std::move(edits)}}});
  }
  if (of_node_.committed == of_node_.number)
    effects_.answers.push_back({id, Verdict::made});
  else
    of_node_unacknowledged_.emplace_back(of_node_.number, id);
  return take();
}

NodeEffects Settings::send_requests() {
  for (auto& [group, follower] : followers_) gather(group, follower->send_requests());
  return take();
}

void Settings::forget(uint64_t request) {
  for (auto& [group, follower] : followers_) follower->forget(request);
  std::erase_if(of_node_unacknowledged_,
                [&](const auto& waiting) { return waiting.second == request; });
}

NodeEffects Settings::write_anew() {
  for (auto& [group, follower] : followers_) follower->tidy(policy_sizes_.at(group));
  of_node_.forget_erased(true);
  effects_.keep.push_back(all_records());
  return take();
}

Keep Settings::all_records() {
  Keep all{{}, true};
  all.records.emplace_back(copy_of(kOfNode, of_node_, core::SettingsStand::Soundness::sound));
  for (auto& [group, follower] : followers_) all.records.emplace_back(follower->write_anew());
  return all;
}

const Follower* Settings::find(const core::GroupName& group) const {
  const auto found = followers_.find(group);
  return found == followers_.end() ? nullptr : found->second.get();
}

std::map<core::GroupName, core::SettingsStand> Settings::stands() const {
  std::map<core::GroupName, core::SettingsStand> stands;
  for (const auto& [group, content] : from_file_.contents)
    stands[group] = {content.number, content.digest(), soundness_in_file(group)};
  for (const auto& [group, follower] : followers_) stands[group] = follower->stand();
  return stands;
}

size_t Settings::bytes() const {
  size_t bytes = of_node_.bytes() + kBytesPerItem * of_node_.entries().size();
  for (const auto& [group, follower] : followers_)
    bytes += follower->content().bytes() + kBytesPerItem * follower->content().entries().size();
  return bytes;
}

void Settings::gather(const core::GroupName& group, Effects effects) {
  std::ranges::move(effects.send, std::back_inserter(effects_.send));
  if (!effects.keep.empty()) effects_.keep.push_back({std::move(effects.keep)});
  std::ranges::move(effects.answers, std::back_inserter(effects_.answers));
  if (effects.has_all) effects_.has.push_back({basis_, group});
  if (effects.made.empty()) return;
  auto& made = effects_.made[group];
  std::ranges::move(effects.made, std::back_inserter(made));
}

NodeEffects Settings::take() {
  return std::exchange(effects_, {});
}

}  // namespace tasuki::settings
