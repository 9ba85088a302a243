// tasukid: the loop that gathers what happened, asks the core, and has it done.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/core/replica.hpp"
#include "cluster/core/right_watch.hpp"
#include "cluster/core/timers.hpp"
#include "cluster/core/timing.hpp"
#include "cluster/core/wakefulness.hpp"
#include "cluster/executor/orders.hpp"
#include "cluster/membership/engine.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/runner/backups.hpp"
#include "cluster/runner/event_log.hpp"
#include "cluster/runner/fencer.hpp"
#include "cluster/runner/followed_files.hpp"
#include "cluster/runner/group_runner.hpp"
#include "cluster/runner/lease.hpp"
#include "cluster/runner/settings_file.hpp"
#include "cluster/runner/slot_watch.hpp"
#include "cluster/runner/status.hpp"
#include "cluster/runner/store.hpp"
#include "cluster/runner/timeline.hpp"
#include "cluster/witness/pinger.hpp"
#include "cluster/witness/vote_count.hpp"

namespace tasuki::runner {

// The keeper's name for the services that run on every node (scope = "node").
// The underscore, because no group's name begins with one.
inline const core::GroupName kNodeServices{"_node-services"};

struct NodePaths {
  std::string state_folder = "/var/lib/tasuki";
  std::string initial_config = "/etc/tasuki/cluster.toml";
  std::string authkey = "/etc/tasuki/authkey";
  std::string corosync_conf = "/run/tasuki/corosync.conf";
  std::string witness_certificate = "/etc/tasuki/witness.p12";
  // Where corosync-qdevice looks for it, in NSS's form.
  std::string witness_database = "/etc/corosync/qdevice/net/nssdb";
  std::string keeper_socket = "/run/tasuki/keeper.sock";
  std::string control_socket = "/run/tasuki/control.sock";
  std::string arm_commands;       // the folder of the ARM commands; empty: none
  std::string tasuki = "tasuki";  // the program that runs batch files
};

class Node {
 public:
  Node(asio::io_context& io, NodePaths paths, core::NodeId self, const proto::StateFile& state);
  ~Node();

  // Finds what the keeper holds, then takes part in the cluster.
  Task<Result<void>> start();
  // Called with every line that services and scripts print here.
  void on_output(std::function<void(const process::Output&)> handler) {
    keeper_.on_output(std::move(handler));
  }
  // Moves the groups away, says goodbye, and returns when nothing is left here.
  Task<void> leave();

  // Asks all members for a change; returns the version that has it, durable on every member.
  Task<Result<uint64_t>> change(core::Change change, std::chrono::milliseconds limit);
  // Takes the configuration: by agreement of all members, or alone where no cluster exists yet.
  Task<Result<uint64_t>> apply_config(core::ApplyConfig change);
  Task<Result<void>> confirm_down_alone(core::NodeId node);

  [[nodiscard]] const core::Replica& replica() const { return replica_; }
  [[nodiscard]] const core::Config& config() const { return replica_.state().config(); }
  [[nodiscard]] core::NodeId self() const { return self_; }
  [[nodiscard]] std::string name() const { return config().node_name(self_); }
  [[nodiscard]] Json status() const;
  // Of those that are lost, who is seen to write since then that it has groups, so that the end of
  // its lease waits.
  [[nodiscard]] std::set<core::NodeId> seen_with_groups() const;
  // Waits until the node is seen so, or has been silent since its loss for as long as one that
  // writes never is.
  Task<void> look_for_writes(core::NodeId node);
  [[nodiscard]] EventLog& events() { return events_; }
  [[nodiscard]] const TimelineHistory& timelines() const { return timelines_; }
  [[nodiscard]] const Store& store() const { return store_; }
  // Asks for a change of settings, all of one group or of this node (settings().owner_of()); it is
  // done when it is on the disk of every node that has the group's settings.
  Task<Result<void>> change_settings(core::GroupName group, std::vector<settings::Edit> edits,
                                     std::chrono::milliseconds limit);
  // Whether such a change could be asked for here.
  [[nodiscard]] Result<void> check_settings_here(const core::GroupName& group) const;
  // Returns when what can be read here of the group, or of this node, is acknowledged.
  Task<Result<void>> settle_settings(core::GroupName group, std::chrono::milliseconds limit);
  [[nodiscard]] const settings::Settings& settings() const { return settings_; }
  [[nodiscard]] const FollowedFiles& files() const { return files_; }
  // Told of every change of settings here; ends with the returned handle.
  using SettingsWatch = std::function<void(const core::GroupName&, const settings::Edit&)>;
  [[nodiscard]] std::shared_ptr<void> watch_settings(SettingsWatch watch);
  // What the group's scripts and services see, or would see, on this node.
  [[nodiscard]] std::map<std::string, std::string> environment_of(const core::Group& group) const;
  // nullptr when nothing of the group is here.
  [[nodiscard]] GroupRunner* find_runner(const core::GroupName& group) const;
  [[nodiscard]] Json backups() const;
  // A word for every node's events and terminals.
  void broadcast(const core::Broadcast& word) { say(word); }
  // A word for this node's own.
  void tell(const std::string& subject, const std::string& text) {
    note(core::Note::Level::info, subject, text);
  }
  // Returns when the state may have changed, or after `limit`.
  Task<void> wait_for_change(core::milliseconds limit);

 private:
  struct Waiting;  // a change whose outcome somebody waits for
  struct SettingsRequest;

  Task<Result<void>> end_unknown_group(process::KeptGroup group);
  void answer(const core::Outcome& outcome);
  void carry_out(core::Ready ready);
  void carry_out(settings::NodeEffects effects);
  Result<void> open_settings();
  [[nodiscard]] settings::MayChange may_change(const core::GroupName& group) const;
  [[nodiscard]] Error settings_refusal(const core::GroupName& group,
                                       settings::Verdict verdict) const;
  void heard(core::NodeId from, std::string_view text);
  void react();
  void react_to_config();
  void give_orders();
  [[nodiscard]] executor::Standing standing() const {
    return right_.isolated() ? executor::Standing::isolated : executor::Standing::keeps;
  }
  void run_timers();
  void run_timer(const core::Timer& timer, core::milliseconds duration);
  void stay_awake();
  void look_at_clock();
  void watch_right();
  void wake_waiters();
  // Of how many groups something is up here or under way.
  [[nodiscard]] size_t groups_here() const;
  [[nodiscard]] bool owns_something() const { return groups_here() > 0; }
  void ask_witness();
  void update_slot();
  void judge_votes();
  void tell_slots();
  void tell_accounts();
  void remember_since();
  Task<void> adopt_node_services(process::HelloReply kept);
  void update_node_services();
  void node_services_reported(const core::GroupReport& report);
  [[nodiscard]] std::map<std::string, std::string> node_service_states() const;
  void say(const core::Message& message);
  void note(core::Note::Level level, std::string subject, std::string text);
  void report(const core::GroupReport& report);
  void note_leaving_groups();
  void begin_timeline(const core::GroupName& group, const executor::Order& order);
  void note_preempted(const core::GroupName& group, const std::vector<guard::KeyOwner>& owners);
  GroupRunner& group_runner(const core::Group& group);
  Task<Result<uint64_t>> change_once(std::string id, core::Change change,
                                     std::chrono::milliseconds limit);

  asio::io_context& io_;
  asio::thread_pool workers_{4};
  NodePaths paths_;
  core::NodeId self_;
  Store store_;
  EventLog events_;
  process::KeeperClient keeper_;
  TimelineRecorder timeline_;
  TimelineHistory timelines_;
  Backups backups_;
  core::Replica replica_;
  SettingsFile settings_file_;
  settings::Settings settings_;
  std::map<uint64_t, std::shared_ptr<SettingsRequest>> settings_requests_;
  uint64_t next_settings_request_ = 1;
  std::list<SettingsWatch> settings_watches_;
  bool writing_settings_anew_ = false;
  bool sending_settings_ = false;
  FollowedFiles files_;
  core::Timing timing_;
  std::unique_ptr<membership::Engine> engine_;
  witness::VoteCount votes_;
  GroupContext group_context_;
  GroupContext node_services_context_ = group_context_;
  std::map<core::GroupName, std::unique_ptr<GroupRunner>> groups_;
  std::unique_ptr<GroupRunner> node_services_;  // those that run on every node, outside groups
  core::GroupReport node_services_report_;
  asio::steady_timer node_services_retry_;
  Lease lease_;
  SlotWatch slots_;
  witness::Pinger pinger_;
  Fencer fencer_;
  std::map<std::string, std::shared_ptr<asio::steady_timer>> timers_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_;
  uint64_t next_request_ = 1;
  std::string boot_;  // names this run of tasukid in the ids of its requests
  core::RightWatch right_;
  std::optional<Moment> look_at_right_;  // when the timer is set to
  asio::steady_timer isolation_timer_;
  core::Wakefulness wakefulness_;
  asio::steady_timer wakefulness_timer_;
  asio::steady_timer restart_timer_;
  asio::steady_timer witness_timer_;
  asio::steady_timer accounts_timer_;
  bool witness_votes_ = false;
  std::set<core::NodeId> apart_;  // as told
  std::string witness_problem_;   // why a qnetd does not vote, if that is known
  std::map<core::NodeId, core::Accounts> accounts_;
  bool clustered_ = false;  // with Corosync under it
  uint64_t config_counter_seen_ = 0;
  std::set<asio::steady_timer*> waiting_for_change_;  // cancelled when the state may have changed
  std::map<std::string, std::pair<std::string, std::string>> since_;  // subject to word and time
  // Since when groups are on their way down, and why.
  struct Leaving {
    Moment since;
    std::string reason;   // empty when it fails: that is told when it is down
    uint64_t ticket = 0;  // of the holding that ends
  };
  std::map<core::GroupName, Leaving> leaving_;
  Moment membership_changed_at_ = now();
  Moment agreed_at_ = now();
  Moment proved_at_ = now();
};

}  // namespace tasuki::runner
