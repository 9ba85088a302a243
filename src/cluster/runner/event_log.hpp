// What happened, for people: the node's events in memory and in a file, and those who follow them.
#pragma once

#include <functional>
#include <list>
#include <string>

#include "cluster/core/note.hpp"
#include "cluster/runner/json_lines.hpp"
#include "kit/json.hpp"

namespace tasuki::runner {

class EventLog {
 public:
  using Follower = std::function<void(const Json& event)>;
  using Following = std::list<Follower>::iterator;

  // Appends to `file`; goes on with the numbers that are in it.
  EventLog(std::string node, std::string file);

  void add(const core::Note& note);
  // {"seq","time","node","level","subject","text"} of every event after `seq`, oldest first.
  [[nodiscard]] Json since(uint64_t seq) const;
  Following follow(Follower follower);
  void unfollow(Following following);

 private:
  std::string node_;
  JsonLines events_;
  uint64_t next_seq_ = 1;
  std::list<Follower> followers_;
};

}  // namespace tasuki::runner
