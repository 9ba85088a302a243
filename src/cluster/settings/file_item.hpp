// How files are kept among the settings (cluster/settings), and what is to be done about one whose
// disk and settings differ.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tasuki::settings {

// A user or group, known by its name; by its number where it has no name.
struct Account {
  std::string name;  // empty: it has none
  uint32_t number = 0;
};
bool same(const Account& one, const Account& other);

// What there is at a path.
struct FileItem {
  enum class Kind : uint8_t { absent, regular, symlink };
  Kind kind = Kind::absent;
  std::string content = {};  // of a symbolic link: where it points to
  uint32_t mode = 0;         // of a regular file: its bits as chmod(2) takes them
  Account owner = {};
  Account group = {};
};
// Whether putting one in the place of the other would change nothing.
bool same(const FileItem& one, const FileItem& other);

// The id of what is at the absolute path, which is its place too.
std::string id_of_file(const std::string& path);
bool is_file_id(std::string_view id);
std::string data_of(const FileItem& item);
// Nothing for what is no file's, or damaged.
std::optional<FileItem> file_item_of(std::string_view data);

// Short, and equal for equal items only, as far as anybody can tell (BLAKE2b-128, in hexadecimal).
std::string fingerprint(const FileItem& item);

// Whether this node may change what follows the group.
enum class MayChange {
  yes,      // the group is active here, or nowhere
  no,       // it is active elsewhere
  not_now,  // nobody here knows: no right to decide, or this node lacks settings
};

enum class FileDeed {
  nothing,
  propose,             // the disk's state, as a change of the settings
  put,                 // the settings' state on the disk
  keep_aside_and_put,  // the same, with the disk's kept elsewhere first
};

// The rule it protects: what somebody changed on the disk is never lost, and never undoes what was
// acknowledged since the disk and the settings were last the same.
// `settings`: nothing while they do not say anything of the file. `ours`: fingerprints of what the
// settings said before and was, or was about to be, on the disk; none when they never were the
// same.
FileDeed decide_file(const FileItem& disk, const std::optional<FileItem>& settings,
                     std::span<const std::string> ours, MayChange may);

}  // namespace tasuki::settings
