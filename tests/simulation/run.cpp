#include "tests/simulation/run.hpp"

#include <algorithm>
#include <utility>

#include "cluster/simulation/story.hpp"

namespace tasuki::simulation {
namespace {

// More runs than this do not make a story shorter that anybody would wait for.
constexpr int kShrinkRunsMax = 300;
constexpr uint64_t kShrinkStepsMax = 200'000;

core::AppliedConfig applied(const core::Config& config) {
  return {1, "initial", "initial", "", "", config};
}

// What keeps no node from meeting the others.
bool is_harmless(const Sentence& sentence) {
  constexpr Deed kHarmless[] = {Deed::start,         Deed::thaw,         Deed::heal,
                                Deed::works,         Deed::disk_works,   Deed::fence_works,
                                Deed::start_witness, Deed::heal_between, Deed::witness_takes};
  return std::ranges::find(kHarmless, sentence.deed) != std::end(kHarmless);
}

class Run {
 public:
  Run(const Scenario& scenario, const Hooks& hooks, const std::function<void(const Line&)>& log,
      uint64_t steps_max)
      : scenario_(scenario),
        steps_max_(steps_max),
        log_(log),
        world_({applied(scenario.config), Chance(scenario.seed), scenario.traits, {}, hooks, log}),
        checks_(world_) {
    for (const auto& [name, config] : scenario.other_configs) world_.add_config(name, config);
  }

  Outcome go() {
    world_.begin();
    auto fault = scenario_.faults.begin();
    auto quiet = scenario_.quiets.begin();
    while (!over()) {
      const bool faults_left = fault != scenario_.faults.end();
      const bool quiets_left = quiet != scenario_.quiets.end();
      if (!faults_left && !quiets_left) break;
      if (faults_left && (!quiets_left || fault->time < quiet->peace)) {
        run_until(fault->time);
        if (!over()) befall(*fault++);
      } else {
        be_quiet(*quiet++);
      }
    }
    if (!over()) run_until(scenario_.length);
    return {checks_.violation(), world_.now(), world_.steps()};
  }

 private:
  void run_until(Time until) {
    while (!over() && world_.step(until)) {
      if (world_.steps() > steps_max_) checks_.never_rests();
      if (!given_up_.empty()) follow_loss();
    }
  }

  [[nodiscard]] bool over() const { return checks_.violation() || beyond_help_; }

  void befall(const Fault& fault) {
    if (is_out_of_scope(fault.sentence)) return;
    if (fault.sentence.deed == Deed::change_setting) {
      tell(kDeedSubject, to_text(fault.sentence, scenario_.config));
      [[maybe_unused]] const auto asked = world_.perform(fault.sentence);
      return;
    }
    // The group may start before the administrator has the answer.
    if (fault.sentence.deed == Deed::accept_settings) checks_.accept_loss(fault.sentence.group);
    if (fault.sentence.deed == Deed::accept_loss) give_up(fault.sentence.nodes.front());
    if (over()) return;
    checks_.excuse();
    tell(kDeedSubject, to_text(fault.sentence, scenario_.config));
    const auto done = world_.perform(fault.sentence);
    if (!done) tell("refused", done.error().what);
  }

  // What no cluster can survive: a word that is not true, like a fence that lies; and a node whose
  // loss was accepted that goes on without those that accepted it.
  bool is_out_of_scope(const Sentence& sentence) {
    const bool vouches = sentence.deed == Deed::confirm_down || sentence.deed == Deed::accept_loss;
    if (vouches) return world_.hardware(sentence.nodes.front()).on();
    if (sentence.deed == Deed::start && given_up_.contains(sentence.nodes.front())) {
      tell(kDeedSubject, "heal");
      [[maybe_unused]] const auto healed = world_.perform(Sentence{});
    }
    return !is_harmless(sentence) && !given_up_.empty();
  }

  void give_up(core::NodeId node) {
    const auto asked = world_.spokesman();
    if (!asked) return;
    const Nodes here = world_.ring_of(*asked);
    if (std::ranges::any_of(here, [&](core::NodeId one) { return given_up_.contains(one); }))
      return end_here("those that were given up are told to give up the others");
    went_on_.insert(*asked);
    went_on_.insert(here.begin(), here.end());
    given_up_.insert(node);
  }

  void follow_loss() {
    for (const core::NodeId node : std::exchange(given_up_, {}))
      (has_learned(node) ? went_on_ : given_up_).insert(node);
    if (given_up_.empty()) return went_on_.clear();
    const auto runs = [&](core::NodeId node) { return world_.replica(node) != nullptr; };
    if (std::ranges::none_of(went_on_, runs) && std::ranges::any_of(given_up_, runs))
      end_here("those that were given up go on without those that gave them up");
  }

  // It met those that went on without it, and what they decided is on its disk.
  [[nodiscard]] bool has_learned(core::NodeId node) const {
    const core::Replica* replica = world_.replica(node);
    if (replica == nullptr || !replica->agreed()) return false;
    const bool met = std::ranges::any_of(replica->view().members,
                                         [&](core::NodeId one) { return went_on_.contains(one); });
    const core::Durable& durable = replica->state().durable;
    return met && durable.settled_epoch == durable.epoch;
  }

  void end_here(const std::string& why) {
    tell("out of scope", why);
    beyond_help_ = true;
  }

  void tell(const std::string& subject, const std::string& text) const {
    if (log_) log_({world_.now(), std::nullopt, {core::Note::Level::info, subject, text}});
  }

  void be_quiet(const Quiet& quiet) {
    run_until(quiet.peace);
    if (over()) return;
    checks_.expect_peace();
    checks_.expect_stillness();
    run_until(quiet.until);
    checks_.end_stillness();
  }

  const Scenario& scenario_;
  uint64_t steps_max_;
  const std::function<void(const Line&)>& log_;
  World world_;
  Checks checks_;
  Nodes given_up_;
  Nodes went_on_;  // those that were told to give them up
  bool beyond_help_ = false;
};

}  // namespace

Outcome run_scenario(const Scenario& scenario, const Hooks& hooks,
                     const std::function<void(const Line&)>& log, uint64_t steps_max) {
  return Run(scenario, hooks, log, steps_max).go();
}

Scenario shrink(const Scenario& scenario, const Violation& violation, const Hooks& hooks) {
  // What goes round in a circle takes long to be seen to, unless that is what is looked for.
  const uint64_t steps_max = violation.invariant == "rest" ? kStepsMax : kShrinkStepsMax;
  Scenario best = scenario;
  std::erase_if(best.faults, [&](const Fault& fault) { return fault.time > violation.time; });
  std::erase_if(best.quiets, [&](const Quiet& quiet) { return quiet.peace > violation.time; });
  int runs = 0;
  for (size_t chunk = std::max<size_t>(best.faults.size() / 2, 1); chunk > 0; chunk /= 2) {
    for (size_t from = 0; from < best.faults.size() && runs < kShrinkRunsMax; ++runs) {
      Scenario fewer = best;
      const auto begin = fewer.faults.begin() + static_cast<int64_t>(from);
      const auto length = static_cast<int64_t>(std::min(chunk, fewer.faults.size() - from));
      fewer.faults.erase(begin, begin + length);
      const auto found = run_scenario(fewer, hooks, {}, steps_max).violation;
      if (found && found->invariant == violation.invariant)
        best = std::move(fewer);
      else
        from += chunk;
    }
  }
  return best;
}

}  // namespace tasuki::simulation
