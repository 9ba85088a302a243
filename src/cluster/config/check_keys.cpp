// Compares a file with the table of keys: what is unknown, misplaced or missing.
#include <fmt/format.h>

#include "cluster/config/checks.hpp"

namespace tasuki::config {
namespace {

// A table of the file and what may be in it. The file itself has the path "" and no keys.
struct Level {
  const TableKeys* known;  // nullptr for the file
  [[nodiscard]] std::string_view path() const { return known == nullptr ? "" : known->path; }
  [[nodiscard]] std::string place() const {
    return known == nullptr ? "the file" : written_form(*known);
  }
  [[nodiscard]] const TableKeys* find_below(std::string_view name) const {
    for (const TableKeys* table : tables_below(path()))
      if (table->name() == name) return table;
    return nullptr;
  }
};

std::vector<std::string> known_words(Level level) {
  std::vector<std::string> words;
  for (const TableKeys* table : tables_below(level.path())) words.emplace_back(table->name());
  if (level.known == nullptr) return words;
  for (const Key& key : level.known->keys) words.emplace_back(key.name);
  if (level.known->resource)
    for (const Key& key : resource_keys()) words.emplace_back(key.name);
  return words;
}

void report_unknown(const Field& field, Level level, Report& report) {
  // TOML counts a key to the table header above it, so a group's key below a resource is lost.
  const std::string_view path = level.path();
  const size_t point = path.rfind('.');
  const TableKeys* parent =
      point == std::string_view::npos ? nullptr : find_table(path.substr(0, point));
  const bool misplaced = parent != nullptr && find_key(*parent, field.key) != nullptr;
  report.mistake(field.line, fmt::format("unknown key \"{}\" in {}", field.key, level.place()),
                 misplaced ? fmt::format("it belongs to {}, so write it above {}",
                                         written_form(*parent), level.place())
                           : suggest(field.key, known_words(level)));
}

void check_table(const Table& table, Level level, Report& report);

void check_sub_table(const Field& field, const TableKeys& known, Report& report) {
  const auto wrong = [&](int line, std::string_view found) {
    report.mistake(line, fmt::format("{} is {}", field.key, found),
                   known.shape == Shape::inlined
                       ? fmt::format("write a table, as {} = {{ {} = ... }}", known.name(),
                                     known.keys.front().name)
                       : fmt::format("write {}", written_form(known)));
  };
  if (const auto* single = field.value.as<Table>()) {
    if (known.shape == Shape::repeated) wrong(field.line, "a single table");
    return check_table(*single, {&known}, report);
  }
  const bool repeated = known.shape == Shape::repeated;
  const auto* items = field.value.as<std::vector<Value>>();
  if (items == nullptr || !repeated) wrong(field.line, kind_of(field.value));
  if (items == nullptr) return;
  for (const Value& item : *items)
    if (const auto* table = item.as<Table>())
      check_table(*table, {&known}, report);
    else if (repeated)
      wrong(item.line, "an array with other things than tables");
}

void check_required(const Table& table, Level level, Report& report) {
  if (level.known != nullptr)
    for (const Key& key : level.known->keys)
      if (key.required && table.find(key.name) == nullptr)
        report.mistake(table.line, fmt::format("{} has no {}", level.place(), key.name),
                       fmt::format("add {}: {}", key.name, expected_form(key)));
  for (const TableKeys* below : tables_below(level.path()))
    if (below->required && table.find(below->name()) == nullptr)
      report.mistake(table.line, fmt::format("there is no {}", written_form(*below)),
                     "every file has one");
}

// One of the letters goes by its own name in messages.
Key as_written(Key key, const Field& field) {
  if (key.every_letter) key.name = field.key;
  return key;
}

void check_table(const Table& table, Level level, Report& report) {
  for (const Field& field : table.fields) {
    const Key* key = level.known == nullptr ? nullptr : find_key(*level.known, field.key);
    if (const TableKeys* below = level.find_below(field.key))
      check_sub_table(field, *below, report);
    else if (key != nullptr)
      check_value(field, as_written(*key, field), report);
    else
      report_unknown(field, level, report);
  }
  check_required(table, level, report);
}

}  // namespace

void check_keys(const Table& root, Report& report) {
  check_table(root, {nullptr}, report);
}

}  // namespace tasuki::config
