// What may happen to a cluster, as people write it: "lose sv1", "cut sv1 sv2", "group move web --to
// sv2". Cases, fault lists and `tasuki simulate` share this language.
#pragma once

#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/simulation/time.hpp"
#include "kit/result.hpp"

namespace tasuki::simulation {

enum class Deed {
  // Machines.
  lose,
  start,
  freeze,
  pause,
  thaw,
  // The network.
  cut,
  cut_between,
  cut_one_way,
  cut_witness,
  lose_witness,
  start_witness,
  witness_refuses,
  witness_takes,
  heal,
  heal_between,
  delay,
  loss,
  // Programs.
  kill_tasukid,
  kill_keeper,
  kill_corosync,
  leave,
  // Resources.
  fails,
  start_fails,
  start_hangs,
  stop_hangs,
  works,
  // The disk of the state, the power switch, the clock.
  disk_slow,
  disk_hangs,
  disk_works,
  fence_fails,
  fence_hangs,
  fence_works,
  clock_jumps,
  // What a group's programs do.
  change_setting,
  // What an administrator says.
  group_start,
  group_stop,
  group_move,
  group_retry,
  accept_settings,
  node_standby,
  node_resume,
  confirm_down,
  accept_loss,
  lock,
  unlock,
  config_apply,
};

struct Sentence {
  Deed deed = Deed::heal;
  std::vector<core::NodeId> nodes;
  core::GroupName group;
  core::ResourceName resource;  // empty: the group's first
  Time duration{};
  int percent = 0;
  std::string file;
  friend bool operator==(const Sentence&, const Sentence&) = default;
};

// An error names what is wrong and what is expected.
Result<Sentence> parse_sentence(const std::string& text, const core::Config& config);
// The text that parses back to the same.
std::string to_text(const Sentence& sentence, const core::Config& config);

// Every form a sentence can have, with its meaning.
struct Form {
  Deed deed;
  const char* pattern;  // words, and NODE, GROUP, RESOURCE, DURATION, PERCENT, FILE
  const char* meaning;
};
const std::vector<Form>& sentence_forms();

}  // namespace tasuki::simulation
