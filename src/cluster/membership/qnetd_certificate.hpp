// The certificate by which a qnetd and the servers of a cluster know each other (corosync-qnetd(8),
// corosync-qdevice(8)). One file has all that a server needs: the cluster's certificate with its
// key, and the qnetd's own authority (PKCS #12, without a password, so for root alone).
#pragma once

#include <string>

#include "kit/result.hpp"

namespace tasuki::membership {

// Both on the qnetd's machine, where corosync-qnetd is installed; they block. The first gives the
// qnetd an authority if it has none, and says whether it did: a qnetd that runs does not know it
// yet. The second makes a file that must not be there yet.
Result<bool> make_qnetd_authority();
Result<void> make_qnetd_certificate(const std::string& cluster, const std::string& file);

// On a server: the file becomes the database that corosync-qdevice reads, if it is not that
// already; one that was made by hand is kept beside it under ".old". Without the file a database
// that was made by hand will do, and neither is an error. Blocks.
Result<void> install_qnetd_certificate(const std::string& file, const std::string& database);

}  // namespace tasuki::membership
