// Runs the commands of a batch script's line: each its own process, joined by pipes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::batchrun {

// What becomes of one of the standard streams; in the order in which the script says it.
struct Redirect {
  int handle = 0;
  enum class Kind { read, write, append, duplicate } kind = Kind::write;
  std::string file;  // a Linux path
  int other = 0;     // of a duplicate
};

struct Stage {
  // A program's absolute path and its arguments, or what the child does itself.
  std::variant<std::vector<std::string>, std::function<int()>> work;
  std::vector<Redirect> redirects;
};

struct PipelineSettings {
  std::map<std::string, std::string> environment;
  std::string folder = "/";
  bool capture = false;  // the last one's output
  bool wait = true;      // for their end
};

struct PipelineEnd {
  int code = 0;  // of the last one; 128 and the number for a signal
  std::string output;
};

Result<PipelineEnd> run_pipeline(const std::vector<Stage>& stages,
                                 const PipelineSettings& settings);

// Writes the text where the redirections send the standard output.
Result<void> write_redirected(const std::string& text, const std::vector<Redirect>& redirects);

}  // namespace tasuki::batchrun
