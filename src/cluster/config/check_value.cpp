// Whether one value is what its key takes, seen by itself.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/config/address.hpp"
#include "cluster/config/checks.hpp"
#include "cluster/config/clock.hpp"
#include "cluster/registry/path.hpp"

namespace tasuki::config {
namespace {

void report_type(const Field& field, const Key& key, Report& report) {
  report.mistake(field.line, fmt::format("{} is {}", field.key, kind_of(field.value)),
                 "write " + expected_form(key));
}

// Line ends would add lines to configurations and protocols of others that a value is copied into.
bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

void check_text(const Key& key, const std::string& text, int line, Report& report) {
  const auto wrong = [&](std::string_view problem) {
    report.mistake(line, fmt::format("{} = \"{}\" {}", key.name, text, problem),
                   "write " + expected_form(key));
  };
  if (has_control_character(text))
    return report.mistake(line, fmt::format("{} has a control character in it", key.name),
                          "write " + expected_form(key));
  switch (key.type) {
    case KeyType::text:
      if (text.empty() && key.fallback != "\"\"") wrong("is empty");
      break;
    case KeyType::name:
    case KeyType::names:
      if (!is_name(text)) wrong("is no name");
      break;
    case KeyType::path:
    case KeyType::paths:
      if (!text.starts_with('/')) wrong("is not absolute");
      break;
    case KeyType::registry_keys: {
      const auto key_path = registry::KeyPath::parse(text);
      if (!key_path)
        report.mistake(line, key_path.error().during(std::string(key.name)),
                       "write " + expected_form(key));
      else if (key_path->is_root())
        wrong("is a whole root");
      break;
    }
    case KeyType::url:
      if (!parse_url(text)) wrong("is no address of a web server");
      break;
    case KeyType::clock:
      if (!parse_clock(text)) wrong("is no time of day");
      break;
    case KeyType::address:
    case KeyType::addresses: {
      const auto address = parse_address(text);
      if (!address)
        wrong("is no address");
      else if (!is_host_address(*address))
        wrong("is no address that a host can have");
      break;
    }
    case KeyType::endpoint:
      if (!parse_endpoint(text)) wrong("is no address and port");
      break;
    case KeyType::choice:
    case KeyType::choices: {
      const std::vector<std::string> known(key.choices.begin(), key.choices.end());
      if (std::ranges::find(known, text) == known.end())
        report.mistake(line, fmt::format("{} = \"{}\" is unknown", key.name, text),
                       suggest(text, known));
      break;
    }
    case KeyType::time: {
      const auto time = parse_duration(text);
      if (!time)
        report.mistake(line, time.error().during(std::string(key.name)),
                       "write " + expected_form(key));
      else if (key.highest != 0 && (time->count() < key.lowest || time->count() > key.highest))
        wrong("is out of range");
      break;
    }
    default:
      break;
  }
}

void report_item(const Value& item, const Key& key, Report& report) {
  report.mistake(item.line, fmt::format("{} has {} in it", key.name, kind_of(item)),
                 "write " + expected_form(key));
}

// The items of the array, none when it is not what the key takes.
std::vector<Value> check_array(const Field& field, const Key& key, Report& report) {
  const auto* items = field.value.as<std::vector<Value>>();
  if (items == nullptr)
    report_type(field, key, report);
  else if (items->empty() && key.fallback.empty())
    report.mistake(field.line, fmt::format("{} is empty", key.name), "write " + expected_form(key));
  return items == nullptr ? std::vector<Value>() : *items;
}

void check_texts(const Field& field, const Key& key, Report& report) {
  const bool once =
      key.type == KeyType::names || key.type == KeyType::choices || key.type == KeyType::paths;
  std::set<std::string> seen;
  for (const Value& item : check_array(field, key, report)) {
    const auto* text = item.as<std::string>();
    if (text == nullptr)
      report_item(item, key, report);
    else if (once && !seen.insert(*text).second)
      report.mistake(item.line, fmt::format("{} has \"{}\" twice", key.name, *text),
                     "write it once");
    else
      check_text(key, *text, item.line, report);
  }
}

void check_command(const Field& field, const Key& key, Report& report) {
  bool is_program = true;  // the first word
  for (const Value& item : check_array(field, key, report)) {
    const auto* word = item.as<std::string>();
    if (word == nullptr)
      report_item(item, key, report);
    else if (is_program && !word->starts_with('/'))
      report.mistake(item.line, fmt::format("{} starts with \"{}\"", key.name, *word),
                     "write the absolute path of the program, as \"/usr/bin/...\"");
    else if (word->contains('\0'))  // would end the argument there, see execve(2)
      report.mistake(item.line, fmt::format("{} has a NUL character in it", key.name),
                     "leave it out");
    is_program = false;
  }
}

bool is_variable_name(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && !kDigits.contains(text.front()) &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

void check_map(const Field& field, const Key& key, Report& report) {
  const auto* table = field.value.as<Table>();
  if (table == nullptr) return report_type(field, key, report);
  const auto wrong = [&](const Field& entry, std::string_view problem, std::string expected) {
    report.mistake(entry.line, fmt::format("{}: \"{}\" {}", key.name, entry.key, problem),
                   std::move(expected));
  };
  for (const Field& entry : table->fields) {
    const auto text = scalar_text(entry.value);
    if (!text)
      wrong(entry, fmt::format("is {}", kind_of(entry.value)),
            "write a string, a whole number, true or false");
    else if (text->contains('\0'))
      wrong(entry, "has a NUL character in it", "leave it out");
    if (key.type == KeyType::environment) {
      if (!is_variable_name(entry.key))
        wrong(entry, "is no name of a variable", "write letters, digits and \"_\", no digit first");
      continue;
    }
    // Options reach the agent as lines "key=value" on its standard input.
    if (text && text->contains('\n')) wrong(entry, "has a line end in it", "write it in one line");
    if (entry.key == "action")
      wrong(entry, "is set by Tasuki", "leave it out");
    else if (entry.key.find_first_of("=\n") != std::string::npos || entry.key.empty())
      wrong(entry, "is no option's name", "write it as the agent's manual page does");
  }
}

void check_integer(const Field& field, const Key& key, Report& report) {
  const auto* number = field.value.as<int64_t>();
  if (number == nullptr) return report_type(field, key, report);
  if (*number < key.lowest || *number > key.highest)
    report.mistake(field.line, fmt::format("{} = {} is out of range", key.name, *number),
                   "write " + expected_form(key));
}

void check_endpoint(const Field& field, const Key& key, Report& report) {
  constexpr int64_t kHighestPort = 65535;
  if (const auto* port = field.value.as<int64_t>(); port != nullptr) {
    if (*port < 1 || *port > kHighestPort)
      report.mistake(field.line, fmt::format("{} = {} is no port", key.name, *port),
                     fmt::format("write a number from 1 to {}", kHighestPort));
  } else if (const auto* text = field.value.as<std::string>()) {
    check_text(key, *text, field.line, report);
  } else {
    report_type(field, key, report);
  }
}

void check_time(const Field& field, const Key& key, Report& report) {
  if (const auto* number = field.value.as<int64_t>())
    report.mistake(field.line, fmt::format("{} = {} has no unit", key.name, *number),
                   fmt::format("write \"{}ms\" or \"{}s\"", *number, *number));
  else if (const auto* text = field.value.as<std::string>())
    check_text(key, *text, field.line, report);
  else
    report_type(field, key, report);
}

}  // namespace

void check_value(const Field& field, const Key& key, Report& report) {
  switch (key.type) {
    case KeyType::names:
    case KeyType::addresses:
    case KeyType::choices:
    case KeyType::paths:
    case KeyType::registry_keys:
      return check_texts(field, key, report);
    case KeyType::command:
      return check_command(field, key, report);
    case KeyType::environment:
    case KeyType::agent_options:
      return check_map(field, key, report);
    case KeyType::integer:
      return check_integer(field, key, report);
    case KeyType::endpoint:
      return check_endpoint(field, key, report);
    case KeyType::time:
      return check_time(field, key, report);
    case KeyType::boolean:
      if (field.value.as<bool>() == nullptr) report_type(field, key, report);
      return;
    case KeyType::text:
    case KeyType::name:
    case KeyType::path:
    case KeyType::address:
    case KeyType::choice:
    case KeyType::url:
    case KeyType::clock:
      if (const auto* text = field.value.as<std::string>())
        check_text(key, *text, field.line, report);
      else
        report_type(field, key, report);
      return;
  }
}

}  // namespace tasuki::config
