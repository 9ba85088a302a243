// Reads a configuration file: the configuration it means, or every mistake in it at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/config/diagnostic.hpp"
#include "cluster/core/config.hpp"

namespace tasuki::config {

struct ParseOutcome {
  std::optional<core::Config> config;  // there exactly when there are no mistakes
  std::vector<Diagnostic> mistakes;    // by line
  std::vector<Diagnostic> warnings;    // what works, but perhaps not as hoped; by line
};

// `file_name` is only for the diagnostics. A mistake in the TOML syntax hides all others.
ParseOutcome parse_config(std::string_view text, std::string file_name);

}  // namespace tasuki::config
