// How tables and keys are shown to people: in messages and in docs/configuration.md.
#include <fmt/format.h>

#include "cluster/config/keys.hpp"
#include "kit/diagnostic.hpp"
#include "kit/duration.hpp"

namespace tasuki::config {
namespace {

std::string choices_of(const Key& key) {
  return quoted_list(std::vector<std::string>(key.choices.begin(), key.choices.end()));
}

std::string range_of(const Key& key) {
  if (key.highest == 0) return {};
  if (key.type == KeyType::integer) return fmt::format(" from {} to {}", key.lowest, key.highest);
  return fmt::format(", from \"{}\" to \"{}\"", format_duration(Milliseconds(key.lowest)),
                     format_duration(Milliseconds(key.highest)));
}

std::string heading(const TableKeys& table) {
  return fmt::format("### {}\n\n{}\n\n", written_form(table), table.meaning);
}

std::string default_of(const Key& key) {
  if (key.required) return "required";
  return key.fallback.empty() ? "" : fmt::format("`{}`", key.fallback);
}

std::string rows(std::span<const Key> keys) {
  std::string text = "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const Key& key : keys)
    text += fmt::format("| {0}{1}{0} | {2} | {3} | {4} |\n", key.every_letter ? "" : "`", key.name,
                        expected_form(key), default_of(key), key.meaning);
  return text + "\n";
}

}  // namespace

std::string written_form(const TableKeys& table) {
  switch (table.shape) {
    case Shape::single:
      return fmt::format("[{}]", table.path);
    case Shape::repeated:
      return fmt::format("[[{}]]", table.path);
    case Shape::inlined:
      break;
  }
  return std::string(table.path);
}

std::string expected_form(const Key& key) {
  switch (key.type) {
    case KeyType::text:
      return "a string";
    case KeyType::name:
      return "a name of up to 63 letters, digits, \"-\", \"_\" and \".\", the first a letter or "
             "digit";
    case KeyType::names:
      return "an array of names";
    case KeyType::path:
      return "an absolute path";
    case KeyType::paths:
      return "an array of absolute paths";
    case KeyType::command:
      return "an array of strings, the first the absolute path of a program";
    case KeyType::address:
      return "an IPv4 or IPv6 address";
    case KeyType::addresses:
      return "an array of IPv4 or IPv6 addresses";
    case KeyType::endpoint:
      return "a port number, or a string \"address:port\"";
    case KeyType::url:
      return "a string \"http://address:port/path\" or \":port/path\"";
    case KeyType::clock:
      return "a time of day, as \"23:30\"";
    case KeyType::time:
      return "a number and a unit, as \"600ms\", \"30s\" or \"5m\"" + range_of(key);
    case KeyType::integer:
      return "a whole number" + range_of(key);
    case KeyType::boolean:
      return "true or false";
    case KeyType::choice:
      return choices_of(key);
    case KeyType::choices:
      return "an array of " + choices_of(key);
    case KeyType::environment:
      return "a table, as { NAME = \"value\" }";
    case KeyType::registry_keys:
      return "an array of keys, as [ 'HKLM\\SOFTWARE\\NEC\\StarOffice' ]";
    case KeyType::agent_options:
      return "a table, as { ip = \"192.0.2.1\", lanplus = true }";
  }
  return {};
}

std::string key_reference_markdown() {
  std::string text;
  for (const TableKeys& table : known_tables()) {
    text += heading(table) + rows(table.keys);
    if (table.resource) text += "And the keys of every resource, below.\n\n";
  }
  return text +
         "### Every resource\n\nWhat [[group.partition]], [[group.floating_ip]], "
         "[[group.service]] and [group.scripts] all take.\n\n" +
         rows(resource_keys());
}

}  // namespace tasuki::config
