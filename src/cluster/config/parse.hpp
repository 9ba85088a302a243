// Reads a configuration file: the configuration it means, or every mistake in it at once.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/diagnostic.hpp"

namespace tasuki::config {

// A version of the configuration travels in one message of the cluster, as a JSON string, which is
// up to twice as long: membership's kMessageBytesMax leaves room for that.
inline constexpr size_t kConfigBytesMax = size_t{256} * 1024;

// A fence device and where it stands in the file, for what only its agent can judge.
struct WrittenFence {
  core::FenceDevice device;
  int line = 0;
  std::map<std::string, int> option_lines;
};

struct ParseOutcome {
  std::optional<core::Config> config;           // there exactly when there are no mistakes
  std::vector<Diagnostic> mistakes;             // by line
  std::vector<Diagnostic> warnings;             // what works, but perhaps not as hoped; by line
  std::vector<WrittenFence> fences;             // in file order; empty when there are mistakes
  std::map<core::NodeId, int> node_lines = {};  // where each node begins; likewise
};

// `file_name` is only for the diagnostics. A mistake in the TOML syntax hides all others, and a
// file of more than kConfigBytesMax is not looked at.
ParseOutcome parse_config(std::string_view text, std::string file_name);

}  // namespace tasuki::config
