// How the settings of one group come to be the same on all nodes that are to have them. A pure
// machine, beside core::Replica and in the same order of messages: it is told what happened, and
// returns what is to be said, kept on the disk and answered.
//
// A change is made where it is delivered, by everybody who has the group's settings, and is
// acknowledged when all of them have it on their disks. Who has them is a part of the members'
// state (core::Durable::has_settings). A node that lacks some asks one that has them for what
// differs; while it waits it remembers what is changed, and says when it has all on its disk.
//
// The rule it protects: an acknowledged change is on the disk of every node that may run the group.
#pragma once

#include <deque>
#include <optional>
#include <set>

#include "cluster/core/message.hpp"
#include "cluster/settings/content.hpp"
#include "cluster/settings/message.hpp"
#include "cluster/settings/record.hpp"

namespace tasuki::settings {

// What the members' state says of the group, at this place in the order of messages.
struct Facts {
  bool open = false;     // this side may decide, so changes are made
  bool settled = false;  // what is agreed upon stays true whatever node is lost
  std::string basis;     // names the membership and the configuration
  std::set<core::NodeId> members;
  std::set<core::NodeId> having;  // have every acknowledged setting
  std::optional<core::NodeId> holder;
  bool wanted_here = false;  // this node is to have a copy
  friend bool operator==(const Facts&, const Facts&) = default;
};

enum class Verdict {
  made,       // and on the disk of every node that has all settings
  elsewhere,  // it is another node that may change them
  unknown,    // it may be made or not: the membership changed meanwhile
};
struct Answer {
  uint64_t request = 0;
  Verdict verdict = Verdict::made;
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Effects {
  std::vector<Message> send;
  std::vector<Record> keep;  // on the disk, in this order; then tell stored()
  std::vector<Answer> answers;
  bool has_all = false;    // to be said as core::HasSettings
  std::vector<Edit> made;  // what is different here now
};

class Follower {
 public:
  // `first_batch`: greater than any that an earlier run of this node used.
  Follower(core::NodeId self, core::GroupName group, Content content,
           core::SettingsStand::Soundness soundness, uint64_t first_batch);

  // Whatever may have changed of the facts is told before anything else.
  Effects facts(const Facts& facts);
  Effects delivered(core::NodeId from, const Message& message);
  // So many records more are on this node's disk, the newest of that number.
  Effects stored(size_t records, uint64_t number);
  // Asks for a change; the answer comes with it or later. Without edits it is answered as soon as
  // all that can be read where the group is active is acknowledged.
  Effects request(uint64_t id, std::vector<Edit> edits);
  // To be called once no more requests are at hand, so that they go together.
  Effects send_requests();
  // Nobody waits for the answer any more. The change may still be made.
  void forget(uint64_t request);
  // The engine is gone, and with it whatever was sent.
  Effects engine_lost();

  // The configuration has other places follow the group. `first`: they are taken from this node.
  // Returns what leaves. All of it is to be written anew.
  std::vector<Item> reassign(const std::vector<std::string>& leave, std::vector<Item> come,
                             bool first);
  // What the file is to say of the group from now on.
  Copied write_anew();

  [[nodiscard]] const Content& content() const { return content_; }
  [[nodiscard]] core::SettingsStand stand() const;
  // What is here may be shown: it is not known to lack anything.
  [[nodiscard]] bool has_all() const { return facts_.having.contains(self_); }
  // Forgets what nobody needs; the file is to be written anew.
  void tidy(size_t nodes_of_policy);

 private:
  struct Request {
    uint64_t id = 0;
    std::vector<Edit> edits;
  };
  struct Batch {
    uint64_t number = 0;
    std::vector<uint64_t> requests;
    std::vector<Edit> edits;
    bool refused = false;  // it has to be sent again
  };
  struct Unacknowledged {
    uint64_t number = 0;
    std::vector<uint64_t> requests;
  };
  enum class CatchUp { none, asked, hears_answer, writes };

  void hear_changed(core::NodeId from, const Changed& changed);
  void hear_stored(core::NodeId from, const Stored& stored);
  void hear_wanted(core::NodeId from, const Wanted& wanted);
  void hear_part(core::NodeId from, const Part& part);
  void make(std::vector<Edit> edits);
  void keep(Record record);
  void ask(bool all);
  void answer_wanted(core::NodeId to, const Wanted& wanted);
  void finish_copy(const Part& last);
  [[nodiscard]] std::optional<core::NodeId> provider() const;
  [[nodiscard]] bool is_elsewhere() const;
  [[nodiscard]] bool waits_for_disks() const;
  void send_next();
  void answer(const std::vector<uint64_t>& requests, Verdict verdict);
  void end_requests(Verdict verdict);
  void tell_stored();
  void acknowledge();
  Effects take();

  core::NodeId self_;
  core::GroupName group_;
  Content content_;
  core::SettingsStand::Soundness soundness_;
  Facts facts_;
  std::deque<Request> waiting_;
  std::optional<Batch> in_flight_;
  uint64_t next_batch_;
  std::deque<Unacknowledged> unacknowledged_;
  std::map<core::NodeId, uint64_t> stored_by_;  // on this basis
  bool told_stored_ = false;                    // on this basis
  uint64_t told_number_ = 0;                    // on this basis
  uint64_t others_wait_for_ = 0;                // to hear that it is stored here
  uint64_t stored_here_;
  size_t unstored_ = 0;  // records
  CatchUp catch_up_ = CatchUp::none;
  std::vector<std::vector<Edit>> changed_meanwhile_;
  std::vector<Item> copied_;
  size_t until_caught_up_ = 0;                           // records to be stored
  std::map<core::NodeId, std::deque<Part>> to_be_said_;  // to those that lack some
  Effects effects_;
};

}  // namespace tasuki::settings
