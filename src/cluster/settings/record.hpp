// The file that a node keeps its settings in: records one after the other, each with its place in
// the order and a checksum. The file is written at its end only, and made anew when it has grown.
//
//   record:  "TSK1" · length of content (4 bytes, little-endian) · checksum (16 bytes, BLAKE2b-128
//            of content, keyed with the place) · content
//
// Behind the last record there are zeros, so that writing one does not change the file's size.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/core/message.hpp"
#include "cluster/settings/content.hpp"

namespace tasuki::settings {

// The settings of no group: they stay on their node.
inline const core::GroupName kOfNode{""};

// One change.
struct Changes {
  core::GroupName group;
  uint64_t number = 0;  // that it makes
  uint64_t committed = 0;
  std::vector<Edit> edits;
  friend bool operator==(const Changes&, const Changes&) = default;
};
// Items as another copy has them, or all there are.
struct Copied {
  core::GroupName group;
  bool all = false;  // nothing else is there
  std::vector<Item> items;
  uint64_t number = 0;
  uint64_t committed = 0;
  uint64_t forgotten = 0;
  core::SettingsStand::Soundness soundness = core::SettingsStand::Soundness::sound;
  friend bool operator==(const Copied&, const Copied&) = default;
};
using Record = std::variant<Changes, Copied>;

using Contents = std::map<core::GroupName, Content>;

// `place`: how many records are before it in the file.
std::string encode(const Record& record, uint64_t place);

// The record that makes the group's content as it is.
Copied copy_of(const core::GroupName& group, const Content& content,
               core::SettingsStand::Soundness soundness);

struct FileState {
  Contents contents;
  std::map<core::GroupName, core::SettingsStand::Soundness>
      soundness_of;  // those that are not sound
  core::SettingsStand::Soundness soundness =
      core::SettingsStand::Soundness::sound;  // of the whole file
  uint64_t records = 0;                       // that make sense, from the first on
  size_t bytes = 0;                           // of those
};
// What a file says. A record that makes no sense at its end was perhaps being written when the
// power went (torn); before others it is damage.
FileState read_file_state(std::string_view file);

void write_item(class ByteWriter& writer, const Item& item);
Item read_item(class ByteReader& reader);
void write_edit(class ByteWriter& writer, const Edit& edit);
Edit read_edit(class ByteReader& reader);

}  // namespace tasuki::settings
