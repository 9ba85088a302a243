#include "cluster/runner/accounts.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/process/identity.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {
namespace {

std::optional<uint32_t> find_uid(const std::string& user) {
  const auto identity = process::find_identity(user);
  return identity ? std::optional(identity->uid) : std::nullopt;
}

}  // namespace

core::Accounts read_accounts(const core::Config& config) {
  core::Accounts accounts;
  for (const core::Service& service : config.services)
    accounts.uids[service.user] = find_uid(service.user);
  return accounts;
}

std::vector<std::string> account_problems(const core::Config& config,
                                          const std::map<core::NodeId, core::Accounts>& said) {
  std::set<std::string> users;
  for (const core::Service& service : config.services) users.insert(service.user);
  std::vector<std::string> problems;
  for (const std::string& user : users) {
    std::set<uint32_t> numbers;
    std::vector<std::string> each;
    for (const core::Node& node : config.nodes) {
      const auto accounts = said.find(node.id);
      if (accounts == said.end()) continue;
      const auto uid = accounts->second.uids.find(user);
      if (uid == accounts->second.uids.end()) continue;
      if (!uid->second) {
        problems.push_back(
            fmt::format("there is no user {} on {}, so services that run as it cannot start there; "
                        "make it with "
                        "the number it has elsewhere (useradd --uid)",
                        user, node.name));
        continue;
      }
      numbers.insert(*uid->second);
      each.push_back(fmt::format("{} on {}", *uid->second, node.name));
    }
    if (numbers.size() > 1)
      problems.push_back(
          fmt::format("the user {} has different numbers: {}; files on a partition would not be "
                      "its own after a "
                      "takeover; give it one number everywhere (usermod --uid)",
                      user, join(each, ", ")));
  }
  return problems;
}

}  // namespace tasuki::runner
