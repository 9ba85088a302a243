// Messages between nodes and state files as text: JSON with a format version in front. A format
// that this build does not know is refused, never guessed at.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/core/message.hpp"
#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::proto {

inline constexpr int kFormat = 1;

// Reads the text of a configuration that was accepted before; nothing when this build cannot.
using ConfigReader = std::function<std::optional<core::Config>(const std::string& text)>;

std::string encode(const core::Message& message);
Result<core::Message> decode(std::string_view text, const ConfigReader& read_config);

// What a node keeps on its disk.
struct StateFile {
  core::Durable durable;
  bool stale = false;  // this node lost the right to decide and has not been synchronised since
  // It may have decided things that it does not remember (core::Hello::forgetful).
  bool forgetful = false;
};
std::string encode_state_file(const StateFile& file);
Result<StateFile> decode_state_file(std::string_view text, const ConfigReader& read_config);

// A group's part in the note that the keeper keeps for the next tasukid.
Json to_json(const core::GroupReport& report);
core::GroupReport group_report_from_json(const Json& json);
Json to_json(const std::vector<core::WatchReport>& watches);

}  // namespace tasuki::proto
