// A whole cluster in virtual time: servers with everything in and around them, and the production
// code that decides on each. What happens to it is said in sentences.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cluster/simulation/corosync.hpp"
#include "cluster/simulation/disk_file.hpp"
#include "cluster/simulation/keeper_host.hpp"
#include "cluster/simulation/network.hpp"
#include "cluster/simulation/power_switch.hpp"
#include "cluster/simulation/sentence.hpp"
#include "cluster/simulation/slot_witness.hpp"
#include "cluster/simulation/tasukid.hpp"

namespace tasuki::simulation {

// What the configuration says of the machines.
std::map<core::NodeId, Traits> traits_of(const core::Config& config);

struct Setup {
  core::AppliedConfig initial;  // what every node starts with
  Chance chance = Chance::none();
  std::map<core::NodeId, Traits> traits;
  Pace pace;
  Hooks hooks;
  std::function<void(const Line&)> log;
};

// A change of a setting that follows a group, as the group's programs make it.
struct SettingWrite {
  uint64_t number = 0;  // of all there were; it is also what is written
  core::GroupName group;
  std::string id;
  bool erases = false;
};

// Who looks on. Each may be empty.
struct Observer {
  // Something of the group came up on the node where nothing was; the last of it went down.
  std::function<void(core::NodeId, const core::GroupName&)> held;
  std::function<void(core::NodeId, const core::GroupName&)> let_go;
  std::function<void(core::NodeId)> told;  // the node's replica heard something
  // An administrator's change was answered.
  std::function<void(core::NodeId via, const core::Change&, const Result<uint64_t>&)> answered;
  std::function<void(const std::string& name)> timer;  // one of core/timers ran out
  // A setting that follows a group was asked for, and answered.
  std::function<void(const SettingWrite&)> setting_asked;
  std::function<void(const SettingWrite&, settings::Verdict)> setting_answered;
  std::function<void(core::NodeId, const std::string& why)> reset;  // it resets itself
};

class World {
 public:
  explicit World(Setup setup);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Observer observer;

  // Every node is switched on and starts its programs at once.
  void begin();
  // Carries it out now. Of an administrator's word: why nobody could take it.
  Result<void> perform(const Sentence& sentence);
  // The next thing that happens, if it is not later than `until`.
  bool step(Time until) { return around_.agenda.step(until); }
  void run(Time until) {
    while (step(until)) {
    }
  }
  // Configurations that `config apply` may name.
  void add_config(const std::string& text, core::Config config);

  [[nodiscard]] Time now() const { return around_.now(); }
  [[nodiscard]] uint64_t steps() const { return around_.agenda.steps(); }
  [[nodiscard]] const core::Config& config() const { return initial_.config; }
  [[nodiscard]] Nodes nodes() const;
  // Nothing while it has no tasukid that knows what it has.
  [[nodiscard]] const core::Replica* replica(core::NodeId node) const;
  [[nodiscard]] const Tasukid* tasukid(core::NodeId node) const;
  [[nodiscard]] const Hardware& hardware(core::NodeId node) const;
  [[nodiscard]] bool can_be_switched_off(core::NodeId node) const;
  [[nodiscard]] Nodes ring_of(core::NodeId node) const { return corosync_.ring_of(node); }
  // Who has anything of it and could write, now or when it wakes.
  [[nodiscard]] Nodes holders(const core::GroupName& group) const;
  // Whom an administrator asks: the first node that may decide, else the first that answers.
  [[nodiscard]] std::optional<core::NodeId> spokesman() const;

 private:
  // By its disk, which another node took.
  [[nodiscard]] bool is_refused(core::NodeId node, const core::GroupName& group) const;

  struct Server {
    Server(Surroundings& around, core::NodeId id, const Traits& traits,
           std::function<void()> cut_power)
        : hardware(around, id, traits),
          state_file(around, hardware),
          settings_file(around, hardware),
          power_switch(around, std::move(cut_power)) {}
    Hardware hardware;
    DiskFile state_file;
    DiskFile settings_file;
    PowerSwitch power_switch;
    Life power;
    std::unique_ptr<KeeperHost> keeper;
    std::unique_ptr<Tasukid> tasukid;
    bool left = false;   // its tasukid was stopped in order and is not started again by itself
    Time clock_ahead{};  // of the time of day
  };

  Server& server(core::NodeId node) { return *servers_.at(node); }
  [[nodiscard]] const Server& server(core::NodeId node) const { return *servers_.at(node); }
  void switch_on(core::NodeId node, Time boot);
  void cut_power(core::NodeId node);
  void reset(core::NodeId node, const std::string& why);
  void start_engine(core::NodeId node);
  void start_keeper(core::NodeId node);
  void start_tasukid(core::NodeId node);
  void end_tasukid(core::NodeId node);
  void tasukid_exits(core::NodeId node);
  void kill_keeper(core::NodeId node);
  void kill_corosync(core::NodeId node);
  bool do_to_machine(const Sentence& sentence);
  bool do_to_program(const Sentence& sentence);
  bool do_to_network(const Sentence& sentence);
  bool do_to_resource(const Sentence& sentence);
  bool do_to_guard(const Sentence& sentence);
  void cut_off(core::NodeId node);
  void start(core::NodeId node);
  [[nodiscard]] core::ResourceName resource_of(const Sentence& sentence) const;
  void break_resource(core::NodeId node, const core::GroupName& group,
                      const core::ResourceName& resource);
  void set_disk_health(core::NodeId node, DiskFile::Health health);
  Result<void> change_setting(const Sentence& sentence);
  Result<void> ask(const Sentence& sentence);
  [[nodiscard]] Result<core::Change> change_of(core::NodeId via, const Sentence& sentence);
  void request(core::NodeId via, const core::Change& change);
  [[nodiscard]] Program program(core::NodeId node, const process::Spawn& spawn);
  [[nodiscard]] core::Resource find_resource(const core::GroupName& group,
                                             const core::ResourceName& name) const;
  void tell(const std::string& subject, std::string text);

  Surroundings around_;
  core::AppliedConfig initial_;
  uint64_t settings_written_ = 0;
  Network network_;
  Corosync corosync_;
  SlotWitness witness_;
  std::map<core::NodeId, std::unique_ptr<Server>> servers_;
};

}  // namespace tasuki::simulation
