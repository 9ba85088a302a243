// Names that people type: which there are, and which one was meant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cli/context.hpp"

namespace tasuki::cli {

// Groups and nodes of the cluster; hosts of the lab that runs on this machine.
// keys: of the registry, the next ones below what is typed.
enum class Names { groups, nodes, hosts, keys };

// None when nobody can tell.
std::vector<std::string> find_names(const Context& context, Names kind,
                                    const std::string& typed = "");

// Whether the cluster has a group or node of this name. Otherwise, or when nobody answers, that has
// been told and the exit code is set.
bool is_known(Context& context, Names kind, const std::string& name);

// `; did you mean "status"?`, or nothing when no known word is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace tasuki::cli
