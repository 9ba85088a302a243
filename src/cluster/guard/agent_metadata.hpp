// What a fence agent says of itself, and whether a device's settings agree with it, before the
// device is needed (fence-agents, doc/FenceAgentAPI.md).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::guard {

struct AgentOption {
  std::string name;
  std::string obsoletes;  // the older name, under which it may still be given; usually empty
  bool required = false;
  bool deprecated = false;
  std::string type;                  // "string", "integer", "second", "boolean" or "select"
  std::vector<std::string> choices;  // of "select"
};

struct AgentMetadata {
  std::vector<AgentOption> options;
  std::set<std::string> actions;
  // "on" is for the node itself when it starts: the agent cuts it off a disk or network, and its
  // power stays on.
  bool switches_no_power = false;
};

// From what the agent printed; what stands around the XML is passed over.
Result<AgentMetadata> parse_agent_metadata(std::string_view printed);

// Asks the device's agent. Errors: as run_agent(), or it says nothing of itself; EBADMSG when what
// it says is no metadata.
Task<Result<AgentMetadata>> agent_metadata(core::FenceDevice device);

struct SettingProblem {
  std::string option;  // empty: it is the agent, or what is missing
  std::string what;
  std::string expected;
};

// An option that the agent does not know or cannot read, one that it needs, or an action without
// which nothing can be proved. Agents pass over what they do not know, so nothing else would tell.
std::vector<SettingProblem> check_settings(const AgentMetadata& metadata,
                                           const core::FenceDevice& device);

}  // namespace tasuki::guard
