// Who has the vote of a witness that cannot judge for itself.
//
// One node of each side, the one with the lowest id, asks for its ring: it writes that it wants the
// vote, then reads every other slot, and has it when nobody else wants or has it. Of two that want
// it at the same time at least one reads of the other, because each writes first and reads then.
// Whoever has it writes so again and again; a slot that has not changed for longer than its claim
// can last counts no more.
//
// Nobody asks who has not read something of every other node: where two see different disks, or one
// has lost what it kept, neither has the vote. Nor does one ask that knows of another node that it
// writes to a copy of what is seen here: the members of a ring tell each other what they wrote
// last, and whoever then reads something older reads another place. One that cannot write says
// nothing new, and takes nobody's vote.
//
// The rule it protects: at no time do two sides count the vote. It needs no clock in common, only
// clocks that run equally fast within one part in a hundred, and holds however long the witness
// takes to read and write.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/message.hpp"
#include "cluster/core/moment.hpp"
#include "cluster/witness/slot.hpp"

namespace tasuki::witness {

using core::milliseconds;
using core::Moment;

struct Times {
  milliseconds look;     // from one look at the witness to the next
  milliseconds vote;     // counted from the write that claims it, the vote is over after this
  milliseconds silence;  // longer than that: a slot that stood still for it claims nothing
  milliseconds grace;    // the side that should not have the vote leaves the other this long
};

// Where the node stands in its cluster.
struct Standing {
  std::string ring;              // empty: in none
  std::set<core::NodeId> nodes;  // of the ring
  bool quorate = false;          // without the witness
  bool needs_vote = false;       // exactly half of the nodes are here
  friend bool operator==(const Standing&, const Standing&) = default;
};

// What it says beside the vote.
struct Word {
  size_t groups = 0;                      // of which something is up or under way here
  std::optional<uint64_t> released = {};  // as in Slot
  uint64_t epoch = 0;                     // the newest that it knows
  bool pings = false;                     // there are hosts of [ping]
  std::optional<Moment> reached = {};     // Pinger::reached()
};

// One look at the witness, as it went: the slot was written, then the others were read one after
// the other, first that of the ring's leader. Whoever counts the leader's claim has read what
// others claimed after it.
struct Look {
  Moment begun;  // before the write
  bool written = false;
  std::optional<core::NodeId> read_first;
  Moment read_begun;
  Moment ended;
  // The text of every other node's slot, and what it says, if it can be read; nothing when reading
  // failed.
  struct Found {
    std::string text;
    std::optional<Slot> slot;
  };
  std::optional<std::map<core::NodeId, Found>> others;
};

// `open`: the witness may still come to vote for this ring; nobody should act on that it does not.
// `late`: it votes for this ring, after another side has or may have had the vote, and may have
// decided what is not known here.
enum class Verdict { open, yes, late, no };

class Voter {
 public:
  Voter(core::NodeId self, const Times& times) : self_(self), times_(times) {}

  void set_times(const Times& times) { times_ = times; }
  // Both: true when it is time for a look. Without a standing it never asks for the vote.
  bool stand(const Standing& standing, Moment now);
  bool say(const Word& word, Moment now);
  // What its own slot said when it was read first: it goes on counting from there.
  void continue_from(const Slot& own);
  // A member of the ring says what it wrote last (core::Wrote).
  void heard(core::NodeId node, uint64_t sequence) { said_[node] = sequence; }
  // The sequence of the last write that succeeded, to be told to the ring; nothing when it was.
  std::optional<uint64_t> take_written();

  // A look begins: what to write first.
  Slot begin(Moment now);
  // Whose slot to read first; nothing when the order does not matter.
  [[nodiscard]] std::optional<core::NodeId> leader() const;
  void end(const Look& look);

  [[nodiscard]] Verdict verdict(Moment now) const;
  // When the verdict may be another although no look ended.
  [[nodiscard]] std::optional<Moment> deadline(Moment now) const;
  // Whether the witness votes for this node's ring.
  [[nodiscard]] bool votes(Moment now) const { return until_ && now < *until_; }
  // Another node whose slot was never readable here, although the witness was read: it has not
  // written to this witness yet, or both do not see the same one.
  [[nodiscard]] std::optional<core::NodeId> stranger() const;
  // Nodes that wrote what was not found here: they do not see the same place.
  [[nodiscard]] const std::set<core::NodeId>& apart() const { return apart_; }
  // Who wrote, since the newest epoch is known here, that it let go of everything: a word that was
  // there before may be older than what the node does now.
  [[nodiscard]] std::vector<core::Released> released() const;
  // When the node was seen to write last that it has groups; nothing when it says that it has none,
  // or was not seen to write at all.
  [[nodiscard]] std::optional<Moment> seen_with_groups(core::NodeId node) const;
  // Whether an answer of a host of [ping] to a question of now would bring the vote nearer.
  [[nodiscard]] bool waits_for_answer(Moment now) const;
  // From one look to the next; less while the ring waits for a vote that the next may bring.
  [[nodiscard]] milliseconds pause(Moment now) const;

 private:
  // What was read of another node.
  struct Known {
    std::string text;
    std::optional<Slot> slot;
    Moment since;  // it was found first
    // The last read that did not find it yet began then; nothing when the first one found it.
    std::optional<Moment> before;
  };

  [[nodiscard]] bool leads() const;
  [[nodiscard]] bool stands_still(const Known& known, Moment now) const;
  [[nodiscard]] Claim claim_of(core::NodeId node, const Known& known, Moment now) const;
  [[nodiscard]] Reach reach(Moment now) const;
  [[nodiscard]] Reach reach_told(bool here, Moment now) const;
  [[nodiscard]] bool should_lose(Moment now) const;
  [[nodiscard]] Moment decided_by() const;
  void learn(const Look& look);
  void compare_places(const Look& look);
  void note_written(const Look& look);
  [[nodiscard]] uint64_t highest_term(const std::function<bool(core::NodeId)>& counts) const;
  [[nodiscard]] bool another_side_decided() const;
  void judge_own(const Look& look);
  void judge_leaders(const Look& look);

  core::NodeId self_;
  Times times_;
  Standing standing_;
  Moment stands_since_{};
  Word word_;
  Moment epoch_known_since_{};
  uint64_t sequence_ = 0;
  Claim claim_ = Claim::none;
  std::optional<Moment> until_;
  bool late_ = false;
  uint64_t term_ = 0;       // of the last claim of its own that was good
  uint64_t candidate_ = 0;  // of the one that is wanted
  // No side had the vote under a higher one before this node was in a majority last, where it heard
  // of all that was decided.
  uint64_t known_term_ = 0;
  // The slot may say that this node has the vote, of this life or the one before; and since it does
  // not any more, others of the ring may count on that for as long.
  bool has_may_be_read_ = true;
  std::optional<Moment> others_count_until_;
  std::map<core::NodeId, Known> others_;
  // What others said that they had written, now and when the look that is under way began: that it
  // must find.
  std::map<core::NodeId, uint64_t> said_;
  std::map<core::NodeId, uint64_t> to_be_found_;
  std::set<core::NodeId> apart_;
  std::optional<uint64_t> written_;
  std::optional<Moment> last_read_;  // when the last one that succeeded began
};

}  // namespace tasuki::witness
