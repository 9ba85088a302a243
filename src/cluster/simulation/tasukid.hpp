// A simulated tasukid: the production code that decides, joined as runner/node joins it. It has no
// opinions: it gathers what happened, asks, and has it done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/core/fence_queue.hpp"
#include "cluster/core/lease_clock.hpp"
#include "cluster/core/replica.hpp"
#include "cluster/core/right_watch.hpp"
#include "cluster/core/timers.hpp"
#include "cluster/core/timing.hpp"
#include "cluster/core/wakefulness.hpp"
#include "cluster/executor/orders.hpp"
#include "cluster/membership/membership_joiner.hpp"
#include "cluster/settings/settings.hpp"
#include "cluster/simulation/corosync.hpp"
#include "cluster/simulation/disk_file.hpp"
#include "cluster/simulation/group_host.hpp"
#include "cluster/simulation/keeper_host.hpp"
#include "cluster/simulation/power_switch.hpp"
#include "cluster/simulation/slot_host.hpp"
#include "cluster/witness/vote_count.hpp"

namespace tasuki::simulation {

// Up to where a node was told what happened: nodes that were told the same must know the same.
struct Heard {
  std::string ring;
  uint64_t told = 0;  // a hash of everything in that ring, in order
  friend auto operator<=>(const Heard&, const Heard&) = default;
};

// What a node starts with. One that was removed begins anew, because the file that it started with
// says that it belongs there.
proto::StateFile load_state(const Surroundings& around, const DiskFile& file, core::NodeId node,
                            const core::AppliedConfig& initial);

class Tasukid {
 public:
  // The server it runs on, and who watches it.
  struct Context {
    Surroundings& around;
    Hardware& hardware;
    DiskFile& state_file;
    DiskFile& settings_file;
    KeeperHost& keeper;
    Corosync& corosync;
    SlotWitness& witness;
    core::AppliedConfig initial;  // when there is no state file
    std::function<PowerSwitch&(core::NodeId)> power_switch;
    std::function<void()> exited;   // by itself
    std::function<void()> changed;  // the replica was told something
    std::function<void(const std::string& timer)> timer_expired;
  };
  using Answered = std::function<void(const Result<uint64_t>& version)>;
  using SettingAnswered = std::function<void(settings::Verdict)>;

  explicit Tasukid(Context context);
  ~Tasukid();
  Tasukid(const Tasukid&) = delete;
  Tasukid& operator=(const Tasukid&) = delete;

  void start();
  void engine_is_back();
  void leave();
  // Asks all members, and again when the membership changed meanwhile.
  void request(const core::Change& change, Answered answered);
  void apply_config(const core::AppliedConfig& applied, Answered answered);
  void confirm_down_alone(core::NodeId node);
  // Never answered when this tasukid ends before.
  void change_setting(const core::GroupName& group, settings::Edit edit, SettingAnswered answered);
  void break_resource(const core::GroupName& group, const core::ResourceName& resource,
                      const std::string& why);

  // Nothing before it knows what the keeper holds.
  [[nodiscard]] const core::Replica* replica() const { return replica_.get(); }
  // nullptr when nothing follows the group.
  [[nodiscard]] const settings::Follower* settings_of(const core::GroupName& group) const {
    return settings_ ? settings_->find(group) : nullptr;
  }
  [[nodiscard]] const Heard& heard() const { return heard_; }
  [[nodiscard]] bool isolated() const { return right_.isolated(); }

 private:
  // A change whose outcome somebody waits for.
  struct Waiting {
    core::Change change;
    Answered answered;
    core::Moment deadline;
  };

  [[nodiscard]] const core::Config& config() const { return replica_->state().config(); }
  [[nodiscard]] core::NodeId self() const { return context_.hardware.id(); }
  [[nodiscard]] executor::Standing standing() const {
    return right_.isolated() ? executor::Standing::isolated : executor::Standing::keeps;
  }
  void hear_of_keeper(const process::HelloReply& kept);
  void make_replica(const process::HelloReply& kept);
  void take_over(const process::HelloReply& kept);
  void connect();
  void observe(const membership::Observation& observation);
  void follow(const membership::Observation& observation);
  void update_slot();
  void judge_votes();
  void tell_slots();
  void heard(const membership::Message& message);
  void remember(const std::string& what);
  void engine_lost(const std::string& why);
  void carry_out(core::Ready ready);
  void open_settings();
  void carry_out(settings::NodeEffects effects);
  void keep(const settings::Keep& keep);
  void heard_setting(const membership::Message& said);
  void react();
  void react_to_config();
  void watch_right();
  void give_orders();
  void run_timers();
  void run_timer(const core::Timer& timer, Time duration, const Life& life);
  void stay_awake();
  void look_at_clock();
  void carry_out_fences();
  void fence(const core::FenceOrder& order);
  void want_lease(bool wanted);
  void lease_came_back(const core::Renew& renew);
  void renew_lease();
  void say_farewell();
  void wake_leaver();
  void say(const core::Message& message);
  void note(const core::Note& note) const;
  void ask(const std::string& id, const Waiting& waiting);
  [[nodiscard]] size_t groups_here() const;
  [[nodiscard]] bool owns_something() const { return groups_here() > 0; }
  GroupHost& group_host(const core::Group& group);

  Context context_;
  Life life_;
  Life connection_;
  std::unique_ptr<core::Replica> replica_;
  core::Timing timing_{};
  membership::MembershipJoiner joiner_;
  witness::VoteCount votes_;
  Heard heard_;
  GroupContext group_context_;
  std::map<core::GroupName, std::unique_ptr<GroupHost>> groups_;
  core::LeaseClock lease_;
  Life renewals_;
  core::RightWatch right_;
  core::Wakefulness wakefulness_;
  bool leaving_ = false;
  bool leaver_wakes_ = false;  // something changed that it waits for
  std::optional<core::Moment> look_at_right_;
  SlotHost slots_;
  core::FenceQueue fences_;
  std::map<std::string, Life> timers_;
  std::map<std::string, Waiting> waiting_;
  std::unique_ptr<settings::Settings> settings_;
  uint64_t settings_records_ = 0;  // in their file, or on their way there
  size_t settings_bytes_ = 0;
  std::map<uint64_t, SettingAnswered> settings_waiting_;
  uint64_t next_request_ = 1;
  uint64_t boot_;
  uint64_t config_counter_seen_ = 0;
};

}  // namespace tasuki::simulation
