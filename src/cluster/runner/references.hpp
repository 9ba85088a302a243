// Resolves the references in what a group or a service is started with (config/reference.hpp), on
// the node that starts it.
#pragma once

#include <map>
#include <string>

#include "cluster/config/reference.hpp"
#include "cluster/core/config.hpp"
#include "cluster/settings/settings.hpp"

namespace tasuki::runner {

// Of this node, and of the group; nullptr: of none. The settings must outlive it.
config::ReferenceValues reference_values(const core::Group* group, const std::string& node,
                                         const settings::Settings& settings);

// With the references in its command, its environment and its readiness command replaced.
Result<core::Service> resolve_service(core::Service service, const config::ReferenceValues& values);
Result<std::map<std::string, std::string>> resolve_environment(
    std::map<std::string, std::string> environment, const config::ReferenceValues& values);

// Without the variables that cannot be resolved (any more): a stop must not fail for them, nor may
// a script be given what stands in the configuration for a value.
std::map<std::string, std::string> resolve_known(
    const std::map<std::string, std::string>& environment, const config::ReferenceValues& values);

// The two halves of making a target; between them its text's references are replaced. They block.
Result<std::string> read_template(const core::Template& wanted);
Result<void> write_target(const core::Template& wanted, const std::string& text);

}  // namespace tasuki::runner
