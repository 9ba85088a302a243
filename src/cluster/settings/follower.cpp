#include "cluster/settings/follower.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tasuki::settings {
namespace {

// Of what waits, so much goes into one message; the engine passes on a megabyte at once.
constexpr size_t kBatchBytes = size_t{256} * 1024;
// Smaller, and few of them on their way, so that other messages need not wait behind them.
constexpr size_t kPartBytes = size_t{64} * 1024;
constexpr size_t kPartsOnTheirWay = 2;
// Greater than any that a node that has the settings gave out.
constexpr uint64_t kNotKnownToOthers = std::numeric_limits<uint64_t>::max();

size_t bytes_of(const Edit& edit) {
  return edit.id.size() + edit.data.size();
}

}  // namespace

Follower::Follower(core::NodeId self, core::GroupName group, Content content,
                   core::SettingsStand::Soundness soundness, uint64_t first_batch)
    : self_(self),
      group_(std::move(group)),
      content_(std::move(content)),
      soundness_(soundness),
      next_batch_(first_batch),
      stored_here_(content_.number) {}

core::SettingsStand Follower::stand() const {
  return {content_.number, content_.digest(), soundness_};
}

Effects Follower::facts(const Facts& facts) {
  if (facts == facts_) return take();
  if (facts.basis != facts_.basis) {
    stored_by_.clear();
    told_stored_ = false;
    told_number_ = 0;
    others_wait_for_ = content_.number;
    catch_up_ = CatchUp::none;
    until_caught_up_ = 0;
    changed_meanwhile_.clear();
    copied_.clear();
    to_be_said_.clear();
  }
  // Others may wait for what they asked for before it had this holder.
  if (facts.holder != facts_.holder) others_wait_for_ = content_.number;
  facts_ = facts;
  if (!facts_.open) return take();
  if (has_all()) {
    catch_up_ = CatchUp::none;
    if (soundness_ != core::SettingsStand::Soundness::sound) {
      soundness_ = core::SettingsStand::Soundness::sound;
      keep(Copied{group_, false, {}, content_.number, content_.committed, content_.forgotten});
    }
    if (!std::exchange(told_stored_, true)) tell_stored();
  } else {
    for (const Unacknowledged& some : unacknowledged_) answer(some.requests, Verdict::unknown);
    unacknowledged_.clear();
    if (facts_.wanted_here && catch_up_ == CatchUp::none && provider())
      ask(soundness_ == core::SettingsStand::Soundness::damaged);
  }
  acknowledge();
  send_next();
  return take();
}

Effects Follower::engine_lost() {
  facts_ = {};
  end_requests(Verdict::unknown);
  return take();
}

Effects Follower::delivered(core::NodeId from, const Message& message) {
  if (const auto* changed = std::get_if<Changed>(&message)) {
    hear_changed(from, *changed);
  } else if (const auto* stored = std::get_if<Stored>(&message)) {
    hear_stored(from, *stored);
  } else if (const auto* wanted = std::get_if<Wanted>(&message)) {
    hear_wanted(from, *wanted);
  } else if (const auto* part = std::get_if<Part>(&message)) {
    hear_part(from, *part);
  }
  return take();
}

void Follower::hear_changed(core::NodeId from, const Changed& changed) {
  // Judged alike by all, because all know the same at this place in the order.
  const bool accepted =
      facts_.open && facts_.having.contains(from) && (!facts_.holder || facts_.holder == from);
  if (accepted && (has_all() || catch_up_ == CatchUp::writes)) make(changed.edits);
  if (accepted && has_all()) content_.committed = std::max(content_.committed, changed.committed);
  if (accepted && catch_up_ == CatchUp::hears_answer) changed_meanwhile_.push_back(changed.edits);
  if (from != self_ || !in_flight_ || in_flight_->number != changed.batch) return;
  if (accepted) {
    unacknowledged_.push_back({content_.number, std::move(in_flight_->requests)});
    in_flight_.reset();
  } else {
    in_flight_->refused = true;
  }
  send_next();
}

void Follower::make(std::vector<Edit> edits) {
  std::ranges::move(content_.apply(edits), std::back_inserter(effects_.made));
  keep(Changes{group_, content_.number, content_.committed, std::move(edits)});
}

void Follower::keep(Record record) {
  effects_.keep.push_back(std::move(record));
  ++unstored_;
}

void Follower::hear_stored(core::NodeId from, const Stored& stored) {
  if (stored.basis != facts_.basis) return;
  stored_by_[from] = stored.number;
  acknowledge();
}

void Follower::acknowledge() {
  if (!facts_.open || !facts_.settled || !has_all()) return;
  uint64_t on_all_disks = content_.number;
  for (const core::NodeId node : facts_.having) {
    const auto found = stored_by_.find(node);
    on_all_disks = std::min(on_all_disks, found == stored_by_.end() ? 0 : found->second);
  }
  content_.committed = std::max(content_.committed, on_all_disks);
  while (!unacknowledged_.empty() && unacknowledged_.front().number <= on_all_disks) {
    answer(unacknowledged_.front().requests, Verdict::made);
    unacknowledged_.pop_front();
  }
  send_next();
}

// Only who asks for changes must know who stored them; others learn it with the next change.
void Follower::tell_stored() {
  stored_by_[self_] = stored_here_;
  if (facts_.holder != self_ || told_number_ < others_wait_for_) {
    effects_.send.emplace_back(Stored{group_, facts_.basis, stored_here_});
    told_number_ = stored_here_;
  }
  acknowledge();
}

Effects Follower::stored(size_t records, uint64_t number) {
  stored_here_ = number;
  unstored_ -= std::min(unstored_, records);
  if (facts_.open && has_all()) tell_stored();
  if (until_caught_up_ > 0) {
    until_caught_up_ -= std::min(until_caught_up_, records);
    effects_.has_all = until_caught_up_ == 0;
  }
  return take();
}

Effects Follower::request(uint64_t id, std::vector<Edit> edits) {
  if (!edits.empty()) {
    waiting_.push_back({id, std::move(edits)});
  } else if (facts_.holder != self_ || content_.committed >= content_.number) {
    answer({id}, Verdict::made);
  } else {
    unacknowledged_.push_back({content_.number, {id}});
  }
  return take();
}

Effects Follower::send_requests() {
  send_next();
  return take();
}

void Follower::forget(uint64_t request) {
  std::erase_if(waiting_, [&](const Request& waiting) { return waiting.id == request; });
  if (in_flight_) std::erase(in_flight_->requests, request);
  for (Unacknowledged& some : unacknowledged_) std::erase(some.requests, request);
}

bool Follower::is_elsewhere() const {
  return facts_.open && ((facts_.holder && facts_.holder != self_) || !facts_.wanted_here);
}

// Some change is not acknowledged yet.
bool Follower::waits_for_disks() const {
  return std::ranges::any_of(unacknowledged_, [&](const Unacknowledged& some) {
    return some.number > content_.committed && !some.requests.empty();
  });
}

// One message at a time, and the next when that is on every disk: what comes meanwhile goes
// together into it, which is more done by each round of the ring and of the disks.
void Follower::send_next() {
  if (is_elsewhere()) {
    if (in_flight_ && !in_flight_->refused) return;  // it may have been accepted yet
    if (in_flight_) answer(in_flight_->requests, Verdict::elsewhere);
    in_flight_.reset();
    for (const Request& request : std::exchange(waiting_, {}))
      answer({request.id}, Verdict::elsewhere);
    return;
  }
  if (!facts_.open || !has_all()) return;
  if (in_flight_ && in_flight_->refused) {
    in_flight_->refused = false;
    in_flight_->number = next_batch_++;
    effects_.send.emplace_back(
        Changed{group_, in_flight_->number, content_.committed, in_flight_->edits});
  }
  if (in_flight_ || waiting_.empty() || waits_for_disks()) return;
  in_flight_ = Batch{next_batch_++, {}, {}};
  for (size_t bytes = 0; !waiting_.empty() && bytes < kBatchBytes; waiting_.pop_front()) {
    in_flight_->requests.push_back(waiting_.front().id);
    for (Edit& edit : waiting_.front().edits) {
      bytes += bytes_of(edit);
      in_flight_->edits.push_back(std::move(edit));
    }
  }
  effects_.send.emplace_back(
      Changed{group_, in_flight_->number, content_.committed, in_flight_->edits});
}

void Follower::answer(const std::vector<uint64_t>& requests, Verdict verdict) {
  for (const uint64_t request : requests) effects_.answers.push_back({request, verdict});
}

void Follower::end_requests(Verdict verdict) {
  for (const Unacknowledged& some : std::exchange(unacknowledged_, {}))
    answer(some.requests, verdict);
  if (in_flight_) answer(in_flight_->requests, verdict);
  in_flight_.reset();
  for (const Request& request : std::exchange(waiting_, {})) answer({request.id}, verdict);
}

std::optional<core::NodeId> Follower::provider() const {
  const auto can = [&](core::NodeId node) {
    return facts_.having.contains(node) && facts_.members.contains(node);
  };
  if (facts_.holder && can(*facts_.holder)) return facts_.holder;
  const auto first = std::ranges::find_if(facts_.having, can);
  return first == facts_.having.end() ? std::nullopt : std::optional(*first);
}

void Follower::ask(bool all) {
  Wanted wanted{group_, facts_.basis, all, content_.committed, {}};
  size_t bytes = 0;
  for (const Item& item : content_.changed_after(content_.committed)) {
    bytes += item.id.size();
    wanted.since.push_back(item.id);
  }
  wanted.all |= bytes > kBatchBytes;
  if (wanted.all) wanted.since.clear();
  effects_.send.emplace_back(std::move(wanted));
  catch_up_ = CatchUp::asked;
}

void Follower::hear_wanted(core::NodeId from, const Wanted& wanted) {
  if (wanted.basis != facts_.basis || !facts_.open) return;
  if (from == self_ && catch_up_ == CatchUp::asked) {
    catch_up_ = CatchUp::hears_answer;
    changed_meanwhile_.clear();
    copied_.clear();
  }
  if (provider() == self_) answer_wanted(from, wanted);
}

void Follower::answer_wanted(core::NodeId to, const Wanted& wanted) {
  Part part{group_, facts_.basis, to};
  part.all =
      wanted.all || wanted.committed < content_.forgotten || wanted.committed > content_.number;
  std::vector<Item> items = content_.changed_after(part.all ? 0 : wanted.committed);
  std::set<std::string_view> named;
  for (const Item& item : items) named.insert(item.id);
  std::vector<Item> unchanged;
  for (const std::string& id : wanted.since)
    if (!part.all && !named.contains(id)) unchanged.push_back(content_.item(id));
  std::ranges::move(unchanged, std::back_inserter(items));
  auto& parts = to_be_said_[to];
  parts.clear();
  size_t bytes = 0;
  for (Item& item : items) {
    bytes += item.id.size() + item.entry.data.size();
    part.items.push_back(std::move(item));
    if (bytes < kPartBytes) continue;
    parts.push_back(std::exchange(part, {group_, facts_.basis, to, part.all}));
    bytes = 0;
  }
  part.last = true;
  part.number = content_.number;
  part.committed = content_.committed;
  part.forgotten = content_.forgotten;
  part.digest = content_.digest();
  parts.push_back(std::move(part));
  for (size_t i = 0; i < kPartsOnTheirWay && !parts.empty(); ++i) {
    effects_.send.emplace_back(std::move(parts.front()));
    parts.pop_front();
  }
}

void Follower::hear_part(core::NodeId from, const Part& part) {
  if (part.basis != facts_.basis) return;
  if (from == self_) {
    auto& parts = to_be_said_[part.to];
    if (!parts.empty()) {
      effects_.send.emplace_back(std::move(parts.front()));
      parts.pop_front();
    }
  }
  if (part.to != self_ || catch_up_ != CatchUp::hears_answer) return;
  copied_.insert(copied_.end(), part.items.begin(), part.items.end());
  if (part.last) finish_copy(part);
}

void Follower::finish_copy(const Part& last) {
  Content next = last.all ? Content{} : content_;
  for (const Item& item : copied_) next.take(item);
  next.number = last.number;
  next.committed = last.committed;
  next.forgotten = last.forgotten;
  if (next.digest() != last.digest) {
    // What it had was not what it was thought to be.
    soundness_ = core::SettingsStand::Soundness::damaged;
    if (!last.all) ask(true);
    return;
  }
  for (const auto& [id, entry] : content_.entries())
    if (entry.there && next.find(id) == nullptr)
      effects_.made.push_back({Edit::What::erase, id, entry.data});
  for (const Item& item : copied_)
    if (item.entry.there) effects_.made.push_back({Edit::What::put, item.id, item.entry.data});
  content_ = std::move(next);
  soundness_ = core::SettingsStand::Soundness::sound;
  keep(Copied{group_, last.all, std::exchange(copied_, {}), last.number, last.committed,
              last.forgotten});
  for (std::vector<Edit>& edits : std::exchange(changed_meanwhile_, {})) make(std::move(edits));
  catch_up_ = CatchUp::writes;
  until_caught_up_ = unstored_;
}

std::vector<Item> Follower::reassign(const std::vector<std::string>& leave, std::vector<Item> come,
                                     bool first) {
  std::vector<Item> left;
  for (const std::string& place : leave)
    std::ranges::move(content_.take_out(place), std::back_inserter(left));
  std::erase_if(left, [](const Item& item) { return !item.entry.there; });
  if (first) ++content_.number;
  for (Item& item : come) {
    item.entry.modified = first ? content_.number : kNotKnownToOthers;
    content_.take(item);
  }
  return left;
}

Copied Follower::write_anew() {
  ++unstored_;
  return copy_of(group_, content_, soundness_);
}

void Follower::tidy(size_t nodes_of_policy) {
  content_.forget_erased(facts_.open && facts_.having.size() == nodes_of_policy);
}

Effects Follower::take() {
  return std::exchange(effects_, {});
}

}  // namespace tasuki::settings
