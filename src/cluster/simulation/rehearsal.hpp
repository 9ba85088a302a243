// What would happen: a configuration is brought to how things are, then one sentence after another
// comes true, and what follows from each is told. Nothing is left to chance: everything takes the
// time that it usually takes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/simulation/story.hpp"
#include "cluster/simulation/world.hpp"

namespace tasuki::simulation {

// How things are before the first sentence.
struct Beginning {
  std::vector<Sentence> sentences;  // that bring a cluster there which has just been started
};

// A group that is not where it was.
struct Moved {
  core::GroupName group;
  std::string from;  // node names; empty: nowhere
  std::string to;
  Time after{};       // from the sentence to its last change
  std::string proof;  // that the node it left let go; empty: it stopped it itself
  std::string reason;
};

struct Consequences {
  std::vector<Story::Told> told;  // times count from the sentence
  std::vector<Moved> moved;
  std::vector<std::pair<core::GroupName, std::string>>
      groups;  // where each is at the end, or why not
};

class Rehearsal {
 public:
  Rehearsal(core::Config config, Pace pace, const Beginning& beginning);
  // An error: the administrator's word in it could not be taken.
  Result<Consequences> ask(const Sentence& sentence);

 private:
  [[nodiscard]] std::string owner(const core::GroupName& group) const;
  [[nodiscard]] std::string proof_of(const std::string& node) const;
  [[nodiscard]] std::string reason_of(const core::GroupName& group) const;

  core::Config config_;
  Story story_;
  std::map<core::GroupName, Time> changed_at_;
  std::unique_ptr<World> world_;
};

}  // namespace tasuki::simulation
