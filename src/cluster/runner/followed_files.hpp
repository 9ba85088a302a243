// Keeps the files that follow groups the same on the disk and in the settings: has those that were
// changed here said to the others, and those that were changed elsewhere written.
// What is to be done about each is decided by settings::decide_file().
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/note.hpp"
#include "cluster/files/disk.hpp"
#include "cluster/settings/settings.hpp"
#include "kit/json.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

// What it needs of the node. All functions are called on the io_context's thread.
struct FollowedFilesContext {
  asio::io_context& io;
  std::string state_folder;
  core::NodeId self;
  std::function<const settings::Settings&()> settings;
  std::function<settings::MayChange(const core::GroupName&)> may_change;
  std::function<Task<Result<void>>(core::GroupName, std::vector<settings::Edit>,
                                   std::chrono::milliseconds limit)>
      change;
  // The node that has the group now, for people; empty: none.
  std::function<std::string(const core::GroupName&)> active_on;
  std::function<void(core::Note)> note;
};

class FollowedFiles {
 public:
  explicit FollowedFiles(FollowedFilesContext context);

  // Reads what there is before anything is heard of other nodes.
  Task<void> start(const core::Config& config);
  void configure(const core::Config& config);
  void settings_changed(const settings::Edit& edit);
  // Does what follows from all that is new.
  void react();

  // Before something of the group starts here: returns when what is still to be written is, or
  // cannot be. At once when there is nothing.
  Task<void> put_in_place(core::GroupName group);
  // Before it is said that the group is down here: looks once more, and returns when what was
  // changed last is acknowledged, or not in time.
  Task<void> take_along(core::GroupName group);

  // Each file that follows a group, or one group: path, group, what and how it is here.
  [[nodiscard]] Json list(const std::optional<core::GroupName>& group) const;
  [[nodiscard]] std::vector<std::string> problems(
      const std::optional<core::GroupName>& group = std::nullopt) const;

 private:
  struct File {
    core::GroupName group;
    std::optional<files::FileItem> disk;  // nothing: not read, or it cannot be
    std::vector<std::string> ours;        // as in decide_file()
    enum class Doing { nothing, proposes, writes } doing = Doing::nothing;
    std::string kept;       // fingerprint of what was kept aside last
    bool waits = false;     // something is to be done that cannot be done now
    std::string problem;    // why something is not as it is to be
    std::string last_word;  // of state_of(), and since when
    std::string since;
  };

  struct Putting {
    files::Put put;
    std::vector<std::string> ours;  // as it was before
  };

  void seen(const std::string& path, Result<files::FileItem> item);
  void decide(const std::string& path, File& file, std::vector<files::Put>& puts);
  Task<void> propose(std::string path, core::GroupName group, files::FileItem item);
  void put(std::vector<files::Put> puts);
  void was_put(const files::Done& done);
  void tell_put_right(const Putting& putting, File& file, const files::Done& done);
  void try_again(const std::string& path, std::chrono::milliseconds after);
  void remember();
  [[nodiscard]] std::optional<files::FileItem> settings_of(const std::string& path,
                                                           const File& file) const;
  [[nodiscard]] std::set<std::string> paths_of(const core::GroupName& group) const;
  [[nodiscard]] bool any(const core::GroupName& group, File::Doing doing) const;
  // False when the limit came first.
  Task<bool> look(std::set<std::string> paths, std::chrono::steady_clock::time_point limit);
  Task<bool> wait_until(std::function<bool()> done, std::chrono::steady_clock::time_point limit);
  [[nodiscard]] static std::string state_of(const File& file);

  FollowedFilesContext context_;
  files::Disk disk_;
  std::map<std::string, File> files_;
  std::set<std::string> to_decide_;
  std::map<core::GroupName, settings::MayChange> may_;  // when it was looked at last
  std::map<std::string, Putting> putting_;
  std::set<core::GroupName> not_waited_for_;  // whose files take too long to be written
  std::optional<files::Ours> remembered_;     // from an earlier run, until files are configured
  std::set<asio::steady_timer*> waiting_;     // cancelled when something was done
};

}  // namespace tasuki::runner
