// References in what services and groups are started with (reference.hpp): whether each is one, and
// has something to refer to.
#include <algorithm>

#include <fmt/format.h>

#include "cluster/config/checks.hpp"
#include "cluster/config/reference.hpp"
#include "cluster/config/resources.hpp"

namespace tasuki::config {
namespace {

using Texts = std::vector<Located<std::string>>;

void add_environment(const Table& table, Texts& texts) {
  const Table* environment = table.find_table("environment");
  if (environment == nullptr) return;
  for (const Field& variable : environment->fields)
    if (const auto* text = variable.value.as<std::string>())
      texts.push_back({*text, variable.line});
}

Texts texts_of_service(const Table& service) {
  Texts texts = service.texts("command");
  if (const Table* ready = service.find_table("ready"))
    std::ranges::move(ready->texts("command"), std::back_inserter(texts));
  add_environment(service, texts);
  return texts;
}

std::vector<Located<Reference>> references_in(const Texts& texts, Report& report) {
  std::vector<Located<Reference>> references;
  for (const auto& [text, line] : texts) {
    auto pieces = read_references(text);
    if (!pieces) {
      report.mistake(line, pieces.error(), "write $${ for a plain ${");
      continue;
    }
    for (Piece& piece : *pieces)
      if (auto* reference = std::get_if<Reference>(&piece))
        references.push_back({std::move(*reference), line});
  }
  return references;
}

std::string name_of(const Table& table) {
  const auto name = table.find_text("name");
  return name ? name->value : "";
}

// What the group has to have for the reference.
void check_in_group(const Located<Reference>& reference, const Table& group, Report& report) {
  const auto resources = list_resources(group);
  const auto has = [&](ResourceKind kind, const std::string& name) {
    return std::ranges::any_of(resources, [&](const ResourceEntry& resource) {
      return resource.kind == kind && (name.empty() || resource.name == name);
    });
  };
  const auto& [to, line] = reference;
  if (to.to == Reference::To::mount_point && !has(ResourceKind::partition, ""))
    report.mistake(line,
                   fmt::format("${{{}}}: group \"{}\" has no partition", to.text, name_of(group)),
                   "add a [[group.partition]], or leave it out");
  if (to.to != Reference::To::floating_ip || has(ResourceKind::floating_ip, to.resource)) return;
  report.mistake(
      line,
      to.resource.empty() || !has(ResourceKind::floating_ip, "")
          ? fmt::format("${{{}}}: group \"{}\" has no floating IP", to.text, name_of(group))
          : fmt::format("${{{}}}: group \"{}\" has no floating IP of the name \"{}\"", to.text,
                        name_of(group), to.resource),
      "add a [[group.floating_ip]], or leave it out");
}

void check_service(const Table& root, const Table& service, Report& report) {
  const auto references = references_in(texts_of_service(service), report);
  const auto scope = service.find_text("scope");
  const bool of_node = scope && scope->value == "node";
  for (const auto& reference : references) {
    if (of_node && reference.value.of_group())
      report.mistake(reference.line,
                     fmt::format("${{{}}}: a service with scope = \"node\" is in no group",
                                 reference.value.text),
                     "leave it out");
    for (const Table* group : root.tables("group")) {
      const auto resources = list_resources(*group);
      if (!of_node && std::ranges::find(resources, name_of(service), &ResourceEntry::service) !=
                          resources.end())
        check_in_group(reference, *group, report);
    }
  }
}

}  // namespace

void check_references(const Table& root, Report& report) {
  for (const Table* service : root.tables("service")) check_service(root, *service, report);
  for (const Table* group : root.tables("group")) {
    Texts texts;
    add_environment(*group, texts);
    for (const auto& reference : references_in(texts, report))
      check_in_group(reference, *group, report);
  }
}

}  // namespace tasuki::config
