#include "cluster/process/undo.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <filesystem>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <set>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/process/mountinfo.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"

namespace tasuki::process {
namespace {

// Between two tries of an unmount whose users are just going away.
constexpr milliseconds kRetry{5};

// The mount that umount2() would take away: the last one over the folder. Without a list of mounts
// nothing is proved, so that is an error.
Result<std::optional<Mount>> find_mount(const std::string& mount_point) {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text) return failure(text.error());
  std::optional<Mount> last;
  for (Mount& mount : parse_mountinfo(*text))
    if (mount.mount_point == mount_point) last = std::move(mount);
  return last;
}

bool mounts_device(std::string_view mountinfo, const std::string& device) {
  return std::ranges::any_of(parse_mountinfo(mountinfo),
                             [&](const Mount& mount) { return mount.device == device; });
}

// The process in whose mount namespace the device is still mounted; each namespace is read once.
std::optional<std::string> find_other_holder(const std::string& device) {
  std::set<ino_t> seen;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string process = entry.path();
    struct stat status{};
    if (::stat((process + "/ns/mnt").c_str(), &status) != 0) continue;
    if (!seen.insert(status.st_ino).second) continue;
    const auto text = read_file(process + "/mountinfo");
    if (text && mounts_device(*text, device)) return entry.path().filename();
  }
  return {};
}

Result<void> undo(const ReleaseMount& release, Moment until) {
  std::optional<std::string> device;
  Error last{"time ran out"};
  for (;;) {
    const auto mount = find_mount(release.mount_point);
    if (!mount) return failure(mount.error());
    if (*mount) {
      device = (*mount)->device;
      if (::umount2(release.mount_point.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
      last = {std::strerror(errno), errno};
    } else if (const auto holder = device ? find_other_holder(*device) : std::nullopt) {
      last = {fmt::format("its file system is still mounted for process {}", *holder)};
    } else {
      return {};
    }
    if (std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(kRetry);
  }
  return failure(last.during("unmount " + release.mount_point));
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
