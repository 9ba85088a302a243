// The certificate by which a qnetd and the servers of a cluster know each other (corosync-qnetd(8),
// corosync-qdevice(8)). One file has all that a server needs: the cluster's certificate with its
// key, and the qnetd's own authority (PKCS #12, without a password, so for root alone).
#pragma once

#include <string>

#include "kit/result.hpp"

namespace tasuki::membership {

// On the qnetd's machine, where corosync-qnetd is installed; gives the qnetd an authority if it has
// none. What is there under the file's name is kept, and an error. Blocks.
Result<void> make_qnetd_certificate(const std::string& cluster, const std::string& file);

// On a server: the file becomes the database that corosync-qdevice reads, if it is not that
// already. A database without the file was made by hand and is left alone; neither is an error.
// Blocks.
Result<void> install_qnetd_certificate(const std::string& file, const std::string& database);

}  // namespace tasuki::membership
