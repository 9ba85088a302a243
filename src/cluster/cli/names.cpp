#include "cluster/cli/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/lab/commands.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

constexpr const char* kStatus = "/v1/status";

std::vector<std::string> names_in(const Json& status, Names kind) {
  std::vector<std::string> names;
  for (const auto& thing : status.at(kind == Names::groups ? "groups" : "nodes"))
    names.push_back(thing.at("name"));
  return names;
}

// With slashes, because a shell takes a backslash for its own. What has a slash in its name is left
// out.
std::vector<std::string> find_keys(const Context& context, const std::string& typed) {
  std::vector<std::string> keys;
  const auto add = [&](std::string key) {
    std::ranges::replace(key, '\\', '/');
    keys.push_back(std::move(key));
  };
  const size_t end = typed.rfind('/');
  const std::string above = end == std::string::npos ? "" : typed.substr(0, end);
  const std::string query = above.empty() ? "" : "?key=" + api::percent_encode(above);
  const auto answer = context.client().get("/v1/registry" + query);
  if (!answer || answer->status >= 400) return keys;
  if (above.empty()) {
    for (const auto& key : answer->body.at("followed"))
      if (const std::string text = key.at("key"); !text.contains('/')) add(text);
    return keys;
  }
  for (const auto& key : answer->body.at("keys"))
    if (const std::string name = key; !name.contains('/'))
      keys.push_back(fmt::format("{}/{}", above, name));
  return keys;
}

}  // namespace

std::vector<std::string> find_names(const Context& context, Names kind, const std::string& typed) {
  if (kind == Names::hosts) return lab::find_hosts();
  if (kind == Names::keys) return find_keys(context, typed);
  const auto status = context.client().get(kStatus);
  if (!status || status->status >= 400) return {};
  return names_in(status->body, kind);
}

bool is_known(Context& context, Names kind, const std::string& name) {
  const auto status = context.accept(context.client().get(kStatus));
  if (!status) return false;
  const auto known = names_in(*status, kind);
  if (std::ranges::find(known, name) != known.end()) return true;
  std::string hint = did_you_mean(name, known);
  if (hint.empty() && !known.empty()) hint = "; there are: " + join(known, ", ");
  context.fail(api::Exit::unknown,
               fmt::format("there is no {} \"{}\"{}", kind == Names::groups ? "group" : "server",
                           name, hint));
  return false;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const auto near = nearest_word(word, known);
  return near ? fmt::format("; did you mean \"{}\"?", *near) : "";
}

}  // namespace tasuki::cli
