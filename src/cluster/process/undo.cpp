#include "cluster/process/undo.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/block_device.hpp"
#include "kit/fd.hpp"
#include "kit/mount_table.hpp"

namespace tasuki::process {
namespace {

// Between two tries of an unmount whose users are just going away.
constexpr milliseconds kRetry{5};

// Whoever still has the mount's device, as far as mount tables tell.
std::string holder_of(const BlockDevice& device) {
  for (const auto& [process, mounts] : read_foreign_mount_tables())
    if (!mounts_of(device, mounts).empty())
      return fmt::format("; its file system is still mounted for process {}", process);
  return "";
}

// One try: unmounts whatever lies there, and proves that nothing has the device any more.
Result<void> try_to_undo(const ReleaseMount& release) {
  // Without a list of mounts nothing is proved.
  auto table = read_mount_table();
  for (; table; table = read_mount_table()) {
    if (std::ranges::find(*table, release.mount_point, &Mount::mount_point) == table->end()) break;
    if (::umount2(release.mount_point.c_str(), UMOUNT_NOFOLLOW) != 0)
      return errno_failure("unmount " + release.mount_point);
  }
  if (!table) return failure(table.error());
  const auto found = BlockDevice::find(release.device);
  const BlockDevice device = found ? *found : BlockDevice{release.device, 0};
  auto free = device.check_free();
  if (!free) free.error().what += holder_of(device);
  return free;
}

Result<void> undo(const ReleaseMount& release, Moment until) {
  for (;;) {
    auto undone = try_to_undo(release);
    if (undone || std::chrono::steady_clock::now() >= until) return undone;
    std::this_thread::sleep_for(kRetry);
  }
}

struct DeleteAddress {
  nlmsghdr header;
  ifaddrmsg message;
  rtattr attribute;
  in6_addr address;  // an IPv4 address uses its first four bytes
};

// One request to the kernel by rtnetlink(7) and its answer.
Result<void> undo(const ReleaseAddress& release, Moment) {
  const std::string action = fmt::format("delete {} from {}", release.address, release.interface);
  const unsigned interface = ::if_nametoindex(release.interface.c_str());
  if (interface == 0) return {};  // an interface that is gone took its addresses along

  DeleteAddress request{};
  const bool v4 = ::inet_pton(AF_INET, release.address.c_str(), &request.address) == 1;
  if (!v4 && ::inet_pton(AF_INET6, release.address.c_str(), &request.address) != 1)
    return failure(action + ": this is no address");
  const size_t bytes = v4 ? sizeof(in_addr) : sizeof(in6_addr);
  request.attribute.rta_type = IFA_LOCAL;
  request.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(bytes));
  request.message.ifa_family = v4 ? AF_INET : AF_INET6;
  request.message.ifa_prefixlen = static_cast<unsigned char>(release.prefix);
  request.message.ifa_index = interface;
  request.header.nlmsg_len =
      static_cast<uint32_t>(offsetof(DeleteAddress, attribute) + RTA_SPACE(bytes));
  request.header.nlmsg_type = RTM_DELADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;

  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return errno_failure(action);
  if (::send(socket.get(), &request, request.header.nlmsg_len, 0) < 0) return errno_failure(action);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char original[sizeof(DeleteAddress)];
  } answer{};
  if (::recv(socket.get(), &answer, sizeof answer, 0) < 0) return errno_failure(action);
  const int code = -answer.error.error;
  if (code != 0 && code != EADDRNOTAVAIL) return errno_failure(action, code);
  return {};
}

}  // namespace

Result<void> undo_releases(const std::vector<Release>& releases, Moment until) {
  for (const Release& release : releases) {
    auto done = std::visit([&](const auto& what) { return undo(what, until); }, release);
    if (!done) return done;
  }
  return {};
}

}  // namespace tasuki::process
