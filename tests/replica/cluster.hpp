// A cluster in memory for the tests of the replica: machines with power, disks and keepers around
// the real Replica, and an engine that orders what they say as Corosync does (extended virtual
// synchrony). There is no clock: the test says what happens next.
//
// The engine keeps the promises of membership/engine.hpp and no more: nodes that go from one ring
// to the next together were told the same in the old one; of nodes that part, one may have been
// told what the other never hears.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/core/replica.hpp"
#include "cluster/core/timing.hpp"
#include "cluster/proto/codec.hpp"
#include "cluster/settings/settings.hpp"

namespace tasuki::test {

using namespace core;
using namespace proto;
using Nodes = std::set<NodeId>;

Nodes nodes(std::initializer_list<uint32_t> ids);

// Nodes 1 to `count`, called sv1, sv2...; every group may run on all of them, in the order of their
// ids beginning with the group's number. The settings at a place called like the group follow it.
Config make_config(uint32_t count, uint32_t groups);

class Cluster {
 public:
  // A choice from [0, below); always 0 unless the test is a random one.
  using Choose = std::function<size_t(size_t below)>;
  explicit Cluster(Config config, Choose choose = nullptr);

  // Power on, from what is on the disk; alone on the network until connect() is called.
  void boot(NodeId node);
  void cut_power(NodeId node);
  // The program ends and the keeper keeps its groups; start_tasukid() finds them again.
  void kill_tasukid(NodeId node);
  void start_tasukid(NodeId node);
  // The keeper stops everything because its lease ran out.
  void lease_runs_out(NodeId node);
  // The network from now on: the nodes of each side see each other. The first side has the witness.
  void connect(const std::vector<Nodes>& sides, bool witness_reachable = true);
  // The witness's vote comes or goes in every ring as it is.
  void set_witness(bool reachable);
  void all_up();  // boots every node and connects them

  // Goes on until nothing more happens by itself.
  void run();
  // One of the things that could happen next, by choice; false when there are none.
  bool step();

  std::string request(NodeId node, const Change& change);  // its id in outcomes()
  void ask_again(NodeId node, const std::string& id, const Change& change);
  void say(NodeId node, const Message& message);
  void adopt_config(NodeId node, const Config& config, const std::string& text);
  std::string apply_config(NodeId node, const Config& config, const std::string& text);
  void confirm_down_alone(NodeId node, NodeId down);
  void expire(NodeId owner, const std::string& timer_prefix);
  // Asks for a change of a setting; the number of its answer.
  uint64_t put(NodeId node, const std::string& group, const std::string& name,
               const std::string& data);
  uint64_t erase(NodeId node, const std::string& group, const std::string& name);
  [[nodiscard]] std::optional<settings::Verdict> verdict(uint64_t request) const;
  // What a node has; "(none)" when there is nothing.
  [[nodiscard]] std::string setting(NodeId node, const std::string& group,
                                    const std::string& name) const;
  [[nodiscard]] const settings::Follower& follower(NodeId node, const std::string& group) const {
    return *machines_.at(node).settings->find(GroupName{group});
  }
  [[nodiscard]] size_t parts_said() const { return parts_said_; }
  void report_failure(NodeId node, const std::string& group, const std::string& why);

  struct Machine {
    bool on = false;
    bool slow_disk = false;      // run() does not finish its writes
    bool slow_settings = false;  // nor those of its settings
    bool fails_starts = false;
    bool hung = false;    // its groups do not stop
    bool asleep = false;  // step() leaves it out: it hears and does nothing for a while
    bool said_goodbye = false;
    int starts = 0;  // of tasukid
    bool lease_counts = false;
    bool leased = false;  // its keeper held a lease since the power came
    std::string disk;
    std::unique_ptr<Replica> replica;
    std::deque<Ready::Write> writing;
    std::string settings_file;
    uint64_t records = 0;  // in that file
    std::unique_ptr<settings::Settings> settings;
    std::deque<settings::Keep> keeping;  // not in the file yet
    std::deque<std::string> outbox;
    struct Event {
      uint64_t ring = 0;
      uint64_t index = 0;
      uint64_t branch =
          0;  // when the ring broke up, what only those heard who went on to this ring
      NodeId from;
      std::string text;
      std::optional<EngineView> view;
    };
    std::deque<Event> inbox;
    uint64_t ring = 0;        // as the network is
    EngineView installed;     // as the replica was told
    uint64_t heard_ring = 0;  // the ring and place up to which it was told
    uint64_t heard_index = 0;
    uint64_t heard_branch = 0;
    struct Held {
      uint64_t ticket = 0;
      Phase phase = Phase::starting;
    };
    struct Order {
      bool up = false;
      uint64_t ticket = 0;
    };
    std::map<GroupName, Held> keeper;
    std::map<GroupName, Order> orders;
    std::map<GroupName, uint64_t> closed;  // tickets
    std::map<NodeId, int> fenced;          // attempts made
  };
  Machine& machine(NodeId node) { return machines_.at(node); }
  Replica& replica(NodeId node) { return *machines_.at(node).replica; }
  const GroupState& group(NodeId seen_by, const std::string& name);
  [[nodiscard]] const Nodes& members_of_ring(NodeId node) const {
    return rings_.at(machines_.at(node).ring).members;
  }
  [[nodiscard]] Nodes owners(const std::string& group) const;
  [[nodiscard]] std::map<std::string, Result<uint64_t>>& outcomes() { return outcomes_; }
  [[nodiscard]] std::map<NodeId, Machine>& machines() { return machines_; }
  [[nodiscard]] bool fencing_works() const { return fencing_works_; }
  void set_fencing_works(bool works) { fencing_works_ = works; }
  [[nodiscard]] bool told(const std::string& part_of_a_note) const;
  // What must always hold; the first thing that does not, in words.
  [[nodiscard]] std::string violation() const;
  [[nodiscard]] std::string story() const;

 private:
  struct Ring {
    Nodes alive;
    Nodes members;
    bool quorate = false;
    uint64_t length = 0;  // messages and changes of membership in it
  };
  struct Action {
    std::string what;
    std::function<void()> act;
  };

  void end_program(NodeId node);
  void form_ring(const Nodes& side, bool with_witness);
  void carry_out(NodeId node, Ready ready);
  void carry_out(NodeId node, settings::NodeEffects effects);
  void open_settings(NodeId node);
  void close_settings(NodeId node);
  void finish_keep(NodeId node);
  uint64_t ask(NodeId node, const std::string& group, settings::Edit edit);
  void install_members(uint64_t ring);
  void judge_quorum();
  [[nodiscard]] EngineView engine_view(uint64_t ring, const Ring& of) const;
  void finish_write(NodeId node);
  void order_one(NodeId node);
  void deliver_one(NodeId node);
  [[nodiscard]] bool quorum_is_news(const Machine& machine) const;
  void tell_quorum(NodeId node);
  std::vector<Action> work(NodeId node);
  void report(NodeId node, const GroupName& group, uint64_t ticket, Phase phase,
              const std::string& failure = "");
  std::vector<Action> fences(NodeId node);
  std::vector<Action> actions(NodeId node, bool also_slow_disks);
  std::optional<Config> read_config(const std::string& text) const;

  Config config_;
  Choose choose_;
  std::map<std::string, Config> configs_;  // by their texts
  std::map<NodeId, Machine> machines_;
  std::map<uint64_t, Ring> rings_;
  uint64_t next_ring_ = 1;
  uint64_t witness_ring_ = 0;
  std::map<std::string, Result<uint64_t>> outcomes_;
  uint64_t next_request_ = 1;
  std::map<uint64_t, settings::Verdict> verdicts_;
  size_t parts_said_ = 0;  // of answers to nodes that lacked settings
  bool fencing_works_ = false;
  std::vector<std::string> notes_;
  std::vector<std::string> story_;
  bool restless_ = false;
};

}  // namespace tasuki::test
