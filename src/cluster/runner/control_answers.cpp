#include "cluster/runner/control_answers.hpp"

#include <cerrno>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::runner {

using api::Response;

Response error_of(const Error& error) {
  switch (error.code) {
    case ENOENT:
      return api::error_response(404, error.what);
    case EBUSY:
    case EALREADY:
    case EEXIST:
    case ECANCELED:
      return api::error_response(409, error.what);
    case EINVAL:
      return api::error_response(422, error.what);
    case EPERM:
      return api::error_response(503, error.what);
    case ETIMEDOUT:
      return api::error_response(504, error.what);
    default:
      return api::error_response(500, error.what);
  }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest_word(word, known);
  if (near) return fmt::format("; did you mean \"{}\"?", *near);
  return known.empty() ? "" : fmt::format("; there are: {}", join(known, ", "));
}

Result<const core::Group*> find_group(const Node& node, const std::string& name) {
  if (const auto* group = node.config().find_group(core::GroupName{name})) return group;
  std::vector<std::string> known;
  for (const core::Group& group : node.config().groups) known.push_back(group.name.value);
  return failure(fmt::format("there is no group \"{}\"{}", name, did_you_mean(name, known)),
                 ENOENT);
}

Result<const core::Node*> find_node(const Node& node, const std::string& name) {
  if (const auto* found = node.config().find_node(name)) return found;
  std::vector<std::string> known;
  for (const core::Node& configured : node.config().nodes) known.push_back(configured.name);
  return failure(fmt::format("there is no server \"{}\"{}", name, did_you_mean(name, known)),
                 ENOENT);
}

Error not_here(const Node& node, const core::GroupName& name) {
  const auto state = node.replica().state().groups.find(name);
  const bool held = state != node.replica().state().groups.end() && state->second.holder;
  if (!held) return {fmt::format("group {} does not run now", name), EBUSY};
  const std::string holder = node.config().node_name(*state->second.holder);
  if (state->second.holder == node.self())
    return {fmt::format("group {} is not up on {}", name, holder), EBUSY};
  return {fmt::format("group {} runs on {}; say this there", name, holder), EBUSY};
}

Result<GroupRunner*> find_running(const Node& node, const std::string& name) {
  const auto group = find_group(node, name);
  if (!group) return failure(group.error());
  GroupRunner* runner = node.find_runner((*group)->name);
  if (runner == nullptr || runner->machine().idle()) return failure(not_here(node, (*group)->name));
  return runner;
}

Task<Response> answer_now(Response response) {
  co_return response;
}

}  // namespace tasuki::runner
