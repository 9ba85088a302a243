// A batch file as lines of UTF-8, with its labels. Files come as UTF-8 or in the Japanese code
// page, with the line ends of either world; from here on nothing else has to know.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::batch {

// Far more than any script of a service; so that nothing built from a file can exhaust the memory.
inline constexpr size_t kFileBytesMax = size_t{256} * 1024;
// cmd.exe reads 8191 characters of a line, each of which takes up to three bytes in UTF-8. Also the
// limit of what a line becomes once its variables are expanded.
inline constexpr size_t kLineBytesMax = size_t{3} * 8191;

struct Label {
  std::string name;  // as written, without the colon
  size_t line = 0;   // index into Script::lines
};

struct Script {
  std::string path;  // as messages name it
  std::vector<std::string> lines;
  std::vector<Label> labels;  // in file order

  // The label that `goto` finds from there: from the line `from` to the end of the file and then
  // from its beginning (cmd.exe scans the file like that). Case does not matter.
  [[nodiscard]] const Label* find_label(std::string_view name, size_t from) const;
};

using ScriptPointer = std::shared_ptr<const Script>;

// Fails with "FILE:LINE: what; what to do" when the bytes are no text that cmd.exe could read.
Result<Script> read_script(std::string path, std::string_view bytes);

// Where a label's name ends, in a label's own line as after goto and call: at a delimiter, a colon
// or a plus sign.
std::string_view label_name(std::string_view text);

// The label that a name which is none may stand for; nullptr when none resembles it.
const Label* nearest_label(const Script& script, std::string_view name);

// What to do about a label that does not exist: the nearest one, if there is one.
std::string suggest_label(const Script& script, std::string_view name);

// The label's name when this line is a label; "::" is one that nothing can jump to.
std::optional<std::string_view> label_of_line(std::string_view line);

}  // namespace tasuki::batch
