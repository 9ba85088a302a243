// Turns the cluster of a CLUSTERPRO X or EXPRESSCLUSTER X clp.conf into a configuration of Tasuki.
// What the elements mean, and where that is written: docs/operating/clusterpro.md.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/clp/document.hpp"
#include "cluster/clp/note.hpp"

namespace tasuki::clp {

struct Imported {
  std::string toml;
  std::vector<Note> notes;  // by kind, then by line
  bool complete = false;    // whether the configuration is one: nothing is to be filled in
};

// The configuration goes through the check of every configuration. Where that finds something, the
// line before says "FILL IN" and what is missing.
std::expected<Imported, Unreadable> import_clp(std::string_view bytes);

}  // namespace tasuki::clp
