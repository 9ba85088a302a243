// What every part of the simulated world is given: time, chance, the log, and the places where a
// test may falsify what passes by.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "cluster/core/message.hpp"
#include "cluster/core/note.hpp"
#include "cluster/process/keeper_state.hpp"
#include "cluster/proto/codec.hpp"
#include "cluster/settings/message.hpp"
#include "cluster/simulation/agenda.hpp"
#include "cluster/simulation/chance.hpp"
#include "cluster/simulation/pace.hpp"

namespace tasuki::simulation {

// Where a test plants bugs, to prove that they would be found. Each may be empty.
struct Hooks {
  // What a node says; nothing: it is lost.
  std::function<std::optional<core::Message>(core::NodeId, core::Message)> say;
  // What a node hears; nothing: it is lost.
  std::function<std::optional<core::Message>(core::NodeId by, core::NodeId from, core::Message)>
      hear;
  std::function<bool(core::NodeId by, const settings::Message&)> hear_setting;  // false: it is lost
  std::function<Result<void>(Result<void> proof)> fence;  // what a fence agent answers
  std::function<Time(const std::string& timer, Time)> timer;
  std::function<proto::StateFile(proto::StateFile)> write;
  std::function<bool()> acknowledge_at_once;     // before the state is on the disk
  std::function<bool()> store_settings_at_once;  // they count as written before they are
  // Whether the keeper's effect is carried out; of a release that it is not, success is told.
  std::function<bool(const process::Effect&)> keeper;
  std::function<bool()> believe_stop;  // a partition that is not unmounted counts as stopped
  std::function<bool()> renew_alone;   // the lease is renewed without the ring
  std::function<bool()> witness_for_all;
  std::function<bool()> take_all_writes;  // a disk that is reserved refuses nobody
  std::function<bool()> release_early;    // it writes that it let go while it still holds something
  std::function<core::Config(core::Config)> config;  // as all members read it
};

// One line of the story. `node`: whose log it is in; nothing for what happens to the world.
struct Line {
  Time time;
  std::optional<core::NodeId> node;
  core::Note note;
};

// Whose writes a reserved disk takes (cluster/guard): who took it last.
struct Reservation {
  core::NodeId node;
  uint64_t epoch = 0;
};

struct Surroundings {
  Agenda agenda;
  Chance chance = Chance::none();
  Pace pace;
  Hooks hooks;
  std::function<void(const Line&)> log;
  std::map<std::string, core::Config> configs;          // by their texts
  std::map<core::GroupName, Reservation> reservations;  // of the disks of these groups

  [[nodiscard]] Time now() const { return agenda.now(); }
  [[nodiscard]] std::optional<core::Config> read_config(const std::string& text) const {
    const auto found = configs.find(text);
    return found == configs.end() ? std::nullopt : std::optional(found->second);
  }
  // Every node reads a message alike, so it is read once.
  const core::Message& decode(const std::string& text);
  // Only the last ones are read again.
  std::unordered_map<std::string, core::Message> decoded;
};

}  // namespace tasuki::simulation
