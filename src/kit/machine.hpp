// What this server's kernel and firmware say of the machine under it.
#pragma once

#include <string>

namespace tasuki {

// Whether it is a virtual machine, or may be one. A guest is told by its processor (the
// "hypervisor" flag of x86), its firmware (DMI) or its kernel, as systemd-detect-virt(1) asks them.
// Processors of other kinds say nothing where there is no hypervisor either, so only the
// configuration can say that such a server is none. `root`: in front of /proc and /sys.
bool is_virtual_machine(const std::string& root = "");

}  // namespace tasuki
