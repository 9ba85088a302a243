// Every table and key of the configuration file, as data. The parser checks files against it and
// docs/configuration.md is generated from it, so neither can know a key that the other does not.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::config {

enum class KeyType {
  text,
  name,       // see is_name()
  names,      // an array of names, no two alike
  path,       // absolute
  paths,      // an array of them, no two alike
  command,    // an array, the absolute path of the program first
  address,    // IPv4 or IPv6
  addresses,  // an array of them
  endpoint,   // a port number or "address:port"
  url,        // "http://address:port/path" or ":port/path"
  time,       // kit/duration.hpp; the range is in milliseconds
  integer,
  boolean,
  choice,         // one of `choices`
  choices,        // an array of some of `choices`, no two alike
  clock,          // "HH:MM"
  environment,    // a table of variables
  agent_options,  // a table of a fence agent's options
  registry_keys,  // an array of keys of the registry, none in another
};

// The days of the week, as struct tm counts them.
inline constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

struct Key {
  std::string_view name;
  KeyType type;
  std::string_view fallback = {};  // the default as TOML; empty: required, or the meaning tells
  bool required = false;
  int64_t lowest = 0;  // with `highest` for times and integers; both 0: checked elsewhere
  int64_t highest = 0;
  std::span<const std::string_view> choices = {};
  std::string_view meaning;
  bool every_letter = false;  // stands for each of the keys "a" to "z"
};

enum class Shape { single, repeated, inlined };  // [path], [[path]], key = { ... }

struct TableKeys {
  std::string_view path;  // "group.partition"
  Shape shape;
  bool required = false;
  bool resource = false;  // takes resource_keys() too
  std::span<const Key> keys;
  std::string_view meaning;

  [[nodiscard]] std::string_view name() const;  // the last part of the path
};

std::span<const TableKeys> known_tables();
std::span<const Key> resource_keys();  // those that every kind of resource takes

const Key* find_key(const TableKeys& table, std::string_view name);
const TableKeys* find_table(std::string_view path);
// The tables one level below `path`; "" is the file itself.
std::vector<const TableKeys*> tables_below(std::string_view path);

// "[timing]", "[[node]]" or "service.ready"
std::string written_form(const TableKeys& table);
// What a value of the key looks like: "a number and a unit, as \"30s\", from \"1s\" to \"5m\"".
std::string expected_form(const Key& key);

// The reference part of docs/configuration.md.
std::string key_reference_markdown();

// Letters, digits, "-", "_" and ".", at most 63, the first a letter or digit: safe as a file name,
// a host name and an argument.
bool is_name(std::string_view text);

// One letter in lower case.
bool is_drive_letter(std::string_view text);

}  // namespace tasuki::config
