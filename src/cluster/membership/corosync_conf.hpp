// The files Corosync runs on, written by Tasuki: its configuration, from the cluster's, and its
// key. Pure text; corosync.conf(5), votequorum(5) and corosync-qdevice(8) define the keys.
#pragma once

#include <string>

#include "cluster/core/config.hpp"
#include "cluster/core/timing.hpp"

namespace tasuki::membership {

// Where the rest of Corosync's files are.
struct CorosyncFiles {
  std::string authkey;
  std::string log;  // empty: to syslog
};

// The text of corosync.conf for two and more nodes.
//
// Neither two_node nor wait_for_all, auto_tie_breaker or last_man_standing is ever set: quorate
// means that more than half of all configured votes are here. Two nodes without a witness are
// quorate only together; which of them goes on alone is decided by the fence.
std::string corosync_conf(const core::Config& config, const core::Timing& timing,
                          const CorosyncFiles& files);

// A new key for totem.keyfile: 256 random bytes, as corosync-keygen(8) makes them.
std::string make_authkey();

}  // namespace tasuki::membership
