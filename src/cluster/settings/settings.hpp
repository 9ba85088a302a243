// All settings of one node: those of its groups, each kept by a Follower, and those that stay on
// the node. Pure, as the followers are; it knows from the members' state what follows which group.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/core/replica.hpp"
#include "cluster/settings/follower.hpp"

namespace tasuki::settings {

// What is to be written to the file.
struct Keep {
  std::vector<Record> records;
  bool anew = false;  // they are all there is
};
// How many records of a group are on the disk now that were not, and up to which change.
struct OnDisk {
  size_t records = 0;
  uint64_t number = 0;
};

struct NodeEffects {
  std::vector<Message> send;
  std::vector<core::HasSettings> has;
  std::vector<Keep> keep;
  std::vector<Answer> answers;
  std::map<core::GroupName, std::vector<Edit>> made;
};

class Settings {
 public:
  // Where what follows a group lies: the ids of the places.
  using PlacesOf = std::function<std::vector<std::string>(const core::Group&)>;

  // `first_batch`: greater than any that an earlier run of this node used.
  Settings(core::NodeId self, FileState file, uint64_t first_batch, PlacesOf places_of);

  // After each step of the replica, before anything is delivered that came later.
  NodeEffects replica_changed(const core::Replica& replica);
  NodeEffects engine_lost();
  NodeEffects delivered(core::NodeId from, const Message& message);
  NodeEffects stored(const std::map<core::GroupName, OnDisk>& on_disk);
  // Asks for a change of what belongs to one group, or to the node (kOfNode).
  NodeEffects request(uint64_t id, const core::GroupName& group, std::vector<Edit> edits);
  // To be called once no more requests are at hand, so that they go together.
  NodeEffects send_requests();
  void forget(uint64_t request);
  // What the file is to be replaced with, once it has grown by what is of the past.
  NodeEffects write_anew();

  // The group that what lies there follows; kOfNode when it follows none.
  [[nodiscard]] core::GroupName owner_of(std::string_view id) const;
  // A place at or below it, and the group that what lies there follows.
  [[nodiscard]] std::optional<std::pair<std::string, core::GroupName>> find_place_below(
      std::string_view place) const;
  // nullptr when there is no such group.
  [[nodiscard]] const Follower* find(const core::GroupName& group) const;
  [[nodiscard]] const Content& of_node() const { return of_node_; }
  [[nodiscard]] std::map<core::GroupName, core::SettingsStand> stands() const;
  // How many bytes a file would have that says only what is there now, about.
  [[nodiscard]] size_t bytes() const;

 private:
  void arrange(const core::Replica& replica);
  [[nodiscard]] core::SettingsStand::Soundness soundness_in_file(
      const core::GroupName& group) const;
  void forget_groups();
  void gather(const core::GroupName& group, Effects effects);
  Keep all_records();
  NodeEffects take();

  core::NodeId self_;
  uint64_t first_batch_;
  PlacesOf places_of_;
  std::map<core::GroupName, std::unique_ptr<Follower>> followers_;
  FileState from_file_;  // what of it is not arranged yet
  std::map<std::string, core::GroupName, std::less<>> places_;
  std::map<core::GroupName, size_t> policy_sizes_;
  std::optional<uint64_t> arranged_for_;  // this configuration
  std::string basis_;                     // as the replica was last
  Content of_node_;
  std::vector<std::pair<uint64_t, uint64_t>> of_node_unacknowledged_;  // number and request
  NodeEffects effects_;
};

}  // namespace tasuki::settings
