// What cmd.exe or Tasuki would stumble over in scripts, found without running them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/batch/script.hpp"
#include "kit/diagnostic.hpp"

namespace tasuki::batch {

struct CheckedFile {
  ScriptPointer script;
  std::vector<std::string> beside;  // names in the script's folder
  ScriptPointer sibling;            // the stop script of a start script, when it lies beside it
};

struct Surveyed {
  std::vector<CheckedFile> files;                    // those that are judged
  std::vector<std::string> programs;                 // names of programs in PATH
  std::optional<std::vector<std::string>> services;  // names and display names, when known
};

// By file in the order given, by line in each.
std::vector<Diagnostic> check_scripts(const Surveyed& surveyed);

// "stop2.bat" of "start2.bat"; none when the name is not that of a start script.
std::optional<std::string> sibling_name(std::string_view file_name);

}  // namespace tasuki::batch
