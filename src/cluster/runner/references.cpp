#include "cluster/runner/references.hpp"

#include <fmt/format.h>

#include "cluster/files/file.hpp"
#include "cluster/settings/registry_view.hpp"
#include "kit/file.hpp"

namespace tasuki::runner {

config::ReferenceValues reference_values(const core::Group* group, const std::string& node,
                                         const settings::Settings& settings) {
  config::ReferenceValues values;
  values.node = node;
  values.registry =
      [&settings](const registry::ValuePath& path) -> Result<std::vector<std::string>> {
    const settings::RegistryView view(settings);
    const auto value = view.find(path);
    if (value) return registry::to_arguments(value->value);
    return failure(view.exists(path.key) ? "the key has no such value" : "there is no such key");
  };
  if (group == nullptr) return values;
  values.group = group->name.value;
  for (const core::Resource& resource : group->resources) {
    if (const auto* ip = std::get_if<core::FloatingIp>(&resource.what))
      values.floating_ips.push_back({resource.name.value, ip->address});
    if (const auto* partition = std::get_if<core::Partition>(&resource.what);
        partition != nullptr && values.mount_point.empty())
      values.mount_point = partition->mount_point;
  }
  return values;
}

namespace {

Result<void> resolve_words(std::vector<std::string>& words, const config::ReferenceValues& values) {
  for (std::string& word : words) {
    auto resolved = resolve_references(word, values);
    if (!resolved) return failure(resolved.error());
    word = std::move(*resolved);
  }
  return {};
}

}  // namespace

Result<std::map<std::string, std::string>> resolve_environment(
    std::map<std::string, std::string> environment, const config::ReferenceValues& values) {
  for (auto& [name, text] : environment) {
    auto resolved = resolve_references(text, values);
    if (!resolved) return failure(resolved.error().during("the variable " + name));
    text = std::move(*resolved);
  }
  return environment;
}

std::map<std::string, std::string> resolve_known(
    const std::map<std::string, std::string>& environment, const config::ReferenceValues& values) {
  std::map<std::string, std::string> known;
  for (const auto& [name, text] : environment)
    if (auto resolved = resolve_references(text, values)) known[name] = std::move(*resolved);
  return known;
}

Result<core::Service> resolve_service(core::Service service,
                                      const config::ReferenceValues& values) {
  const auto about = [&](const Error& error) {
    return failure(error.during(fmt::format("service {} is not started", service.name)));
  };
  if (auto done = resolve_words(service.command, values); !done) return about(done.error());
  if (auto* ready = std::get_if<core::ReadyWhenCommandSucceeds>(&service.ready))
    if (auto done = resolve_words(ready->command, values); !done) return about(done.error());
  auto environment = resolve_environment(std::move(service.environment), values);
  if (!environment) return about(environment.error());
  service.environment = std::move(*environment);
  return service;
}

Result<std::string> read_template(const core::Template& wanted) {
  return read_file(wanted.source, files::kBytesMax);
}

Result<void> write_target(const core::Template& wanted, const std::string& text) {
  const files::FileItem item{
      files::FileItem::Kind::regular, text, wanted.mode, {wanted.owner, 0}, {wanted.group, 0}};
  const auto there = files::read_item(wanted.target);
  if (!there) return failure(there.error());
  if (same(*there, item)) return {};
  return files::write_item(wanted.target, item, *there);
}

}  // namespace tasuki::runner
