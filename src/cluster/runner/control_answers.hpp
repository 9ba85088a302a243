// What the routes of the control socket have in common: how an error becomes an answer, and names
// that are looked up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/message.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

// The HTTP status that an error's code stands for, with its sentence.
api::Response error_of(const Error& error);

Result<const core::Group*> find_group(const Node& node, const std::string& name);
Result<const core::Node*> find_node(const Node& node, const std::string& name);

// Why nothing of the group is here: where it is instead.
Error not_here(const Node& node, const core::GroupName& name);
// The runner of a group of which something is here.
Result<GroupRunner*> find_running(const Node& node, const std::string& name);

// "; did you mean ...?", or what there is.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

Task<api::Response> answer_now(api::Response response);

}  // namespace tasuki::runner
