#include "kit/machine.hpp"

#include <array>
#include <filesystem>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki {
namespace {

// Files that are there only in a guest.
constexpr std::array kSigns{"/sys/hypervisor/type", "/proc/xen", "/proc/device-tree/hypervisor"};

constexpr std::array kFirmware{"product_name", "sys_vendor", "board_vendor", "bios_vendor"};
// How the firmware of hypervisors begins to name itself.
constexpr std::array kHypervisors{"KVM",
                                  "OpenStack",
                                  "QEMU",
                                  "VMware",
                                  "VMW",
                                  "innotek GmbH",
                                  "VirtualBox",
                                  "Xen",
                                  "Bochs",
                                  "BHYVE",
                                  "Parallels",
                                  "Apple Virtualization",
                                  "Microsoft Corporation",
                                  "Amazon EC2",
                                  "Google",
                                  "KubeVirt",
                                  "Hyper-V"};

// The lines that x86 processors describe themselves by; empty for another one.
std::string flags_of(const std::string& processor) {
  for (const std::string_view line : split(processor, '\n'))
    if (line.starts_with("flags")) return std::string(line) + " ";
  return "";
}

}  // namespace

bool is_virtual_machine(const std::string& root) {
  const std::string flags = flags_of(read_file(root + "/proc/cpuinfo").value_or(""));
  if (flags.empty() || flags.find(" hypervisor ") != std::string::npos) return true;
  std::error_code error;
  for (const char* sign : kSigns)
    if (std::filesystem::exists(root + sign, error)) return true;
  for (const char* name : kFirmware) {
    const std::string value = read_file(root + "/sys/class/dmi/id/" + name).value_or("");
    for (const char* hypervisor : kHypervisors)
      if (value.starts_with(hypervisor)) return true;
  }
  return false;
}

}  // namespace tasuki
