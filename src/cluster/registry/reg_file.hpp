// .reg files, as regedit and `reg export` write them and people edit them. Everything that Windows
// would skip silently is a mistake here, and all of them are told at once.
//
// A key's line is [KEY], or [-KEY] to delete it with all below; a value's is NAME=DATA, where NAME
// is "..." or @ for the default value, and DATA is "..." (\\ and \" stand for \ and "; a line break
// stands as it is), dword:XXXXXXXX, hex:XX,XX for binary, hex(N):XX,XX for any type, or - to delete
// it. A line of hexadecimal data that ends in \ goes on in the next. A line that begins with ; or #
// is a comment, as is what follows a ; behind data.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/registry/change.hpp"
#include "cluster/registry/tree.hpp"
#include "kit/diagnostic.hpp"

namespace tasuki::registry {

// Far more than the settings of any service, and less than what would exhaust the memory.
inline constexpr size_t kRegFileBytesMax = size_t{64} * 1024 * 1024;

struct LineChange {
  Change change;
  int line = 0;  // where it begins, counted from 1
  friend bool operator==(const LineChange&, const LineChange&) = default;
};

struct RegFile {
  // In file order, a CreateKey for each [KEY]. None when there is a mistake.
  std::vector<LineChange> changes;
  std::vector<Diagnostic> mistakes;
};

// "Windows Registry Editor Version 5.00" in UTF-16 or UTF-8, or "REGEDIT4", whose strings in hex
// data are not UTF-16 but of the machine's code page. Text that is neither UTF-16 with a byte order
// mark nor UTF-8 is taken for code page 932. A string with half of a surrogate pair becomes a Raw
// of its type; a name with one is a mistake. `path` is how messages name the file.
RegFile read_reg_file(const std::string& path, std::string_view bytes);

enum class RegEncoding {
  Utf16,  // byte for byte what Windows writes: with a byte order mark, lines end in CR LF
  Utf8,   // for people and version control: no byte order mark, lines end in LF
};

// These keys of the tree with all below them, each once and in Windows' order; a key that the tree
// does not have is left out.
std::string write_reg_file(const Tree& tree, std::span<const KeyPath> tops, RegEncoding encoding);

}  // namespace tasuki::registry
