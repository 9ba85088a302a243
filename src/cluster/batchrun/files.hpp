// The files of this machine as batch scripts see them: by drive letters, with backslashes, in any
// case.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/batch/effect.hpp"
#include "cluster/batch/paths.hpp"
#include "kit/result.hpp"

namespace tasuki::batchrun {

Result<batch::ScriptPointer> read_script_file(const std::string& path);

// Sorted; empty when there is no such folder.
std::vector<std::string> list_folder(const std::string& folder);

// As Japanese Windows writes it.
batch::Moment now();

// "y=/mnt/data;z=/srv", as TASUKI_DRIVES says it.
batch::Drives parse_drives(const std::string& text);

class Files {
 public:
  Files() = default;
  explicit Files(batch::Drives drives) : drives_(std::move(drives)) {}

  [[nodiscard]] const batch::Drives& drives() const { return drives_; }

  // The Linux path of a script's path seen from its folder: of the file that is there, whatever the
  // case, or as written for one that is to be made.
  [[nodiscard]] Result<std::string> place(const std::string& folder, const std::string& path) const;
  // Nothing when there is none.
  [[nodiscard]] std::optional<std::string> find(const std::string& folder,
                                                const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& folder, const std::string& path) const;
  [[nodiscard]] std::vector<std::string> match(const std::string& folder,
                                               const batch::MatchFiles& wanted) const;
  [[nodiscard]] batch::Content content(const std::string& folder, const std::string& path) const;
  // The folders of a PATH that may have been written in either world's manner.
  [[nodiscard]] std::vector<std::string> path_folders(const std::string& path) const;

 private:
  batch::Drives drives_;
};

}  // namespace tasuki::batchrun
