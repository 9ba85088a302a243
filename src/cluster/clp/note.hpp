// What is to be told of an import, besides the configuration that came of it.
#pragma once

#include <string>
#include <vector>

namespace tasuki::clp {

enum class NoteKind {
  taken,      // it is in the configuration, or Tasuki does it by itself
  no_equal,   // nothing came of it
  to_do,      // what is left for the administrator besides the configuration
  to_fill_in  // what the configuration lacks: it is refused until then
};

struct Note {
  NoteKind kind = NoteKind::taken;
  std::string path;  // of the element in the clp.conf, as path_of() says; empty when there is none
  int line = 0;      // of that element; 0 when there is none
  std::string what;
  std::string instead;  // what to do; empty when there is nothing
  int toml_line = 0;    // of the configuration, for what is to be filled in there; else 0
};

}  // namespace tasuki::clp
