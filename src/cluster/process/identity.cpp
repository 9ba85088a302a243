#include "cluster/process/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tasuki::process {
namespace {

// Entries with thousands of group members exist; passwd has none of them.
constexpr size_t kEntryBytesMax = 65'536;

std::vector<uint32_t> groups_of(const std::string& user, gid_t main) {
  std::vector<uint32_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    const bool fits = ::getgrouplist(user.c_str(), main, groups.data(), &count) >= 0;
    groups.resize(static_cast<size_t>(count));
    if (fits) return groups;
  }
}

}  // namespace

Result<Identity> find_identity(const std::string& user) {
  std::string buffer(kEntryBytesMax, '\0');
  passwd entry{};
  passwd* found = nullptr;
  const int problem = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr && problem != 0) {
    errno = problem;
    return errno_failure(fmt::format("look up the user \"{}\"", user));
  }
  if (found == nullptr) return failure(fmt::format("there is no user \"{}\" on this node", user));
  return Identity{found->pw_uid, found->pw_gid, groups_of(user, found->pw_gid), found->pw_dir};
}

}  // namespace tasuki::process
