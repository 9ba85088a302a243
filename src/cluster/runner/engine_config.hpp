// Corosync's configuration, written from the cluster's.
#pragma once

#include <string>

#include "cluster/core/config.hpp"
#include "cluster/proto/codec.hpp"
#include "cluster/runner/node.hpp"
#include "kit/result.hpp"

namespace tasuki::runner {

// Reads a configuration that was checked when it was accepted.
std::optional<core::Config> read_config(const std::string& text);

// A hash of a configuration's text, in hexadecimal (BLAKE2b-256), equal on every node.
std::string hash_of(const std::string& text);

// The node's state from its disk, or, on a node that has none, from its initial configuration.
Result<proto::StateFile> load_state(const NodePaths& paths, const std::string& node_name);

// Writes corosync.conf; true when it is not what it was. Nothing for a single node.
Result<bool> write_corosync_conf(const core::Config& config, const NodePaths& paths);

// Gives corosync-qdevice the certificate that the witness asks for, where it is a qnetd with TLS.
// Blocks for as long as a few programs take.
Result<void> install_witness_certificate(const core::Config& config, const NodePaths& paths);

// Makes a running Corosync read its configuration again (corosync-cfgtool(8)).
Result<void> reload_corosync();

}  // namespace tasuki::runner
