// Turns a file in which no check found a mistake into the configuration it means, with every
// default filled in.
#pragma once

#include "cluster/config/document.hpp"
#include "cluster/core/config.hpp"

namespace tasuki::config {

// Only for a document that all checks of checks.hpp let pass.
core::Config build_config(const Table& root);
core::FenceDevice build_fence(const Table& table);

}  // namespace tasuki::config
