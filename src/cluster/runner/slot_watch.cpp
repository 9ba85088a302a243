#include "cluster/runner/slot_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/core/state.hpp"
#include "cluster/runner/clock.hpp"
#include "kit/duration.hpp"

namespace tasuki::runner {

struct SlotWatch::Place {
  std::unique_ptr<witness::Slots> slots;
  std::vector<core::NodeId> others;
};

// What came of a look.
struct SlotWatch::Seen {
  witness::Look look;
  std::optional<std::string> own;  // the node's own slot, when only that was asked for
  std::string problem;
};

namespace {

uint64_t milliseconds_since_epoch() {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<core::milliseconds>(time).count());
}

// Reads the others' slots, that of the ring's leader first.
std::vector<core::NodeId> in_order(std::vector<core::NodeId> others,
                                   std::optional<core::NodeId> leader) {
  std::ranges::partition(others, [&](core::NodeId node) { return node == leader; });
  return others;
}

}  // namespace

SlotWatch::SlotWatch(asio::io_context& io, core::NodeId self, std::string key,
                     std::function<void()> changed, std::function<void()> looked)
    : io_(io),
      self_(self),
      key_(std::move(key)),
      changed_(std::move(changed)),
      looked_(std::move(looked)),
      look_timer_(io),
      end_timer_(io) {}

SlotWatch::~SlotWatch() {
  worker_.join();
}

void SlotWatch::configure(const core::Config& config, const core::Timing& timing) {
  times_ = {timing.witness_look, timing.witness_vote, timing.witness_silence, timing.witness_grace};
  std::vector<core::NodeId> others;
  for (const core::Node& node : config.nodes) {
    names_[node.id] = node.name;
    if (node.id != self_) others.push_back(node.id);
  }
  const bool judges = core::nodes_judge_witness(config);
  const auto wanted = core::slot_place(config);
  if (wanted != wanted_place_ || judges != stands_for_vote_) {
    stands_for_vote_ = judges;
    wanted_place_ = wanted;
    problem_.clear();
    last_good_look_ = now();
    voter_.reset();
    place_.reset();
    knows_own_slot_ = false;
  }
  if (!wanted_place_) return judge();
  if (!voter_) voter_ = std::make_unique<witness::Voter>(self_, times_);
  voter_->set_times(times_);
  if (!place_ || place_->others != others)
    place_ = std::make_shared<Place>(
        Place{witness::open_slots(*wanted_place_, config.cluster_name), std::move(others)});
  judge();
  look_again({});
}

std::vector<core::Released> SlotWatch::released() const {
  return voter_ ? voter_->released() : std::vector<core::Released>{};
}

std::optional<Moment> SlotWatch::seen_with_groups(core::NodeId node) const {
  return voter_ ? voter_->seen_with_groups(node) : std::nullopt;
}

void SlotWatch::heard_written(core::NodeId node, uint64_t sequence) {
  if (voter_) voter_->heard(node, sequence);
}

std::optional<uint64_t> SlotWatch::take_written() {
  return voter_ ? voter_->take_written() : std::nullopt;
}

std::set<core::NodeId> SlotWatch::apart() const {
  return voter_ ? voter_->apart() : std::set<core::NodeId>{};
}

void SlotWatch::stand(const witness::Standing& standing, const witness::Word& word) {
  if (!voter_) return;
  bool news = voter_->say(word, now());
  if (stands_for_vote_) news |= voter_->stand(standing, now());
  judge();
  if (news) look_again({});
}

std::string SlotWatch::problem() const {
  if (!wanted_place_) return "";
  if (!problem_.empty()) return problem_;
  if (now() - last_good_look_ > times_.silence)
    return fmt::format("it has not answered for more than {}", format_duration(times_.silence));
  if (!voter_->apart().empty())
    return fmt::format(
        "{} does not write to what this server sees there, perhaps a copy; see that "
        "all servers have the same one",
        names_.at(*voter_->apart().begin()));
  if (const auto node = voter_->stranger())
    return fmt::format("{} has not written to it yet; see that all servers have the same one",
                       names_.at(*node));
  return "";
}

void SlotWatch::look_again(core::milliseconds after) {
  if (looking_) {
    look_at_once_ |= after == core::milliseconds{};
    return;
  }
  look_timer_.expires_after(after);
  look_timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped && place_ && !looking_) look();
  });
}

void SlotWatch::look() {
  looking_ = true;
  if (!knows_own_slot_) {
    asio::post(worker_, [this, place = place_] {
      Seen seen;
      const auto own = place->slots->read({self_});
      if (own)
        seen.own = own->front().second;
      else
        seen.problem = own.error().what;
      asio::post(io_, [this, place, seen] { heard(place, seen); });
    });
    return;
  }
  const witness::Slot slot = voter_->begin(now());
  Seen seen;
  seen.look.begun = now();
  seen.look.read_first = voter_->leader();
  asio::post(worker_, [this, place = place_, slot, seen]() mutable {
    const auto written = place->slots->write(self_, slot.sequence, witness::encode(slot, key_));
    seen.look.written = written.has_value();
    if (!written) seen.problem = written.error().what;
    seen.look.read_begun = now();
    const auto texts = place->slots->read(in_order(place->others, seen.look.read_first));
    seen.look.ended = now();
    if (texts) {
      seen.look.others.emplace();
      for (const auto& [node, text] : *texts) {
        const auto read = witness::decode(text, key_);
        // A copy of another node's slot says nothing of this one.
        const bool its_own = read && read->node == node;
        (*seen.look.others)[node] = {text, its_own ? std::optional(*read) : std::nullopt};
      }
    } else {
      seen.problem = texts.error().what;
    }
    asio::post(io_, [this, place, seen] { heard(place, seen); });
  });
}

void SlotWatch::heard(const std::shared_ptr<Place>& place, Seen seen) {
  looking_ = false;
  if (place == place_) {
    problem_ = seen.problem;
    if (problem_.empty()) last_good_look_ = now();
    if (seen.own) {
      // What cannot be read was written by nobody who counts; but a witness may refuse what has a
      // lower sequence, so a slot whose key was changed goes on from the time of day.
      auto slot =
          witness::decode(*seen.own, key_).value_or(witness::Slot{.node = self_, .ring = {}});
      // It may name a node that was removed since.
      std::erase_if(slot.apart, [&](core::NodeId node) {
        return std::ranges::find(place->others, node) == place->others.end();
      });
      slot.sequence = std::max(slot.sequence, milliseconds_since_epoch());
      voter_->continue_from(slot);
      knows_own_slot_ = true;
      look_at_once_ = true;
    } else if (problem_.empty() || seen.look.others) {
      voter_->end(seen.look);
    }
    judge();
    looked_();
  }
  if (!place_) return;
  const bool at_once = std::exchange(look_at_once_, false);
  look_again(at_once ? core::milliseconds{} : voter_->pause(now()));
}

void SlotWatch::judge() {
  const Moment time = now();
  const auto verdict = voter_ ? voter_->verdict(time) : witness::Verdict::no;
  if (const auto deadline = voter_ ? voter_->deadline(time) : std::nullopt) {
    end_timer_.expires_at(*deadline);
    end_timer_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) judge();
    });
  }
  if (std::exchange(verdict_, verdict) != verdict) changed_();
}

}  // namespace tasuki::runner
