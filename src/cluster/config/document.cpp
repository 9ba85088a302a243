#include "cluster/config/document.hpp"

#include <algorithm>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
// toml++ 3.3 asserts what a broken file can make untrue ("[.a]"), and then handles it. A file must
// not end the program, nor may the compiler assume what is asserted.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
// As deep as a file can need, with every table written as { ... }: see report_long_key().
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/toml.h>

#include "cluster/config/keys.hpp"
#include "kit/text.hpp"

namespace tasuki::config {
namespace {

int line_of(const toml::source_region& source) {
  return static_cast<int>(source.begin.line);
}

// No key of Tasuki lies as deep. What does is below one that is a mistake already, and is left out.
constexpr int kDepthMax = 16;

Value to_value(const toml::node& node, int depth);

// toml++ keeps keys in alphabetical order; people expect mistakes and resources in their own.
Table to_table(const toml::table& source, int depth) {
  struct Positioned {
    toml::source_position position;
    Field field;
  };
  std::vector<Positioned> positioned;
  for (const auto& [key, node] : source)
    positioned.push_back({key.source().begin,
                          {std::string(key.str()), line_of(key.source()), to_value(node, depth)}});
  std::ranges::sort(positioned, {}, [](const Positioned& entry) {
    return std::pair(entry.position.line, entry.position.column);
  });
  Table table{line_of(source.source()), {}};
  for (auto& [position, field] : positioned) table.fields.push_back(std::move(field));
  return table;
}

Value to_value(const toml::node& node, int depth) {
  const int line = line_of(node.source());
  switch (node.type()) {
    case toml::node_type::string:
      return {line, node.ref<std::string>()};
    case toml::node_type::integer:
      return {line, node.ref<int64_t>()};
    case toml::node_type::boolean:
      return {line, node.ref<bool>()};
    case toml::node_type::table:
      if (depth == kDepthMax) return {line, Table{line, {}}};
      return {line, to_table(*node.as_table(), depth + 1)};
    case toml::node_type::array: {
      std::vector<Value> items;
      for (const auto& item : *node.as_array()) items.push_back(to_value(item, depth));
      return {line, std::move(items)};
    }
    case toml::node_type::floating_point:
      return {line, OtherValue{"a number with a point"}};
    default:
      return {line, OtherValue{"a date or time"}};
  }
}

template <class T>
std::optional<Located<T>> find_scalar(const Table& table, std::string_view key) {
  const Field* field = table.find(key);
  if (field == nullptr) return {};
  const T* value = field->value.as<T>();
  if (value == nullptr) return {};
  return Located<T>{*value, field->line};
}

// Every part of a dotted key is a table in the one before, and toml++ destroys them by recursion,
// which very many of them lead past the end of the stack. A class path has some dots, too.
bool report_long_key(std::string_view text, Report& report) {
  constexpr std::ptrdiff_t kDotsInLineMax = 500;
  int line = 0;
  for (const std::string_view content : split(text, '\n')) {
    ++line;
    const auto dots = std::ranges::count(content, '.');
    if (dots <= kDotsInLineMax) continue;
    report.mistake(line, fmt::format("there are {} dots in one line", dots),
                   fmt::format("at most {} are possible", kDotsInLineMax));
    return true;
  }
  return false;
}

bool is_at_line_end(const toml::source_position& position, std::string_view text) {
  std::string_view line = split(text, '\n').at(position.line - 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  // Columns count characters, not bytes: what continues one in UTF-8 is 10xxxxxx (RFC 3629 3).
  const auto characters =
      std::ranges::count_if(line, [](char byte) { return (byte & 0xc0) != 0x80; });
  return position.column > characters;
}

// "[group]" for a second time, where `[[group]]` was meant, or a key.
std::string advice_for_redefinition(std::string_view description) {
  const auto parts = split(description, '\'');
  const TableKeys* table = parts.size() < 2 ? nullptr : find_table(parts[1]);
  if (table == nullptr) return "write it once";
  return fmt::format("write {}{}", written_form(*table),
                     table->shape == Shape::repeated ? " each time" : " once");
}

// What to do about a mistake in the syntax, where its description does not say so.
std::string advice_for(const toml::parse_error& mistake, std::string_view text) {
  const std::string_view what = mistake.description();
  if (what.contains("cannot redefine")) return advice_for_redefinition(what);
  if (what.contains("string: ") && what.contains("control character") &&
      is_at_line_end(mistake.source().begin, text))
    return "close the quote in this line";
  if (what.contains("string: encountered end-of-file")) return "close the quote";
  return "correct this first";
}

}  // namespace

const Field* Table::find(std::string_view key) const {
  const auto found = std::ranges::find(fields, key, &Field::key);
  return found == fields.end() ? nullptr : &*found;
}

std::optional<Located<std::string>> Table::find_text(std::string_view key) const {
  return find_scalar<std::string>(*this, key);
}

std::optional<Located<int64_t>> Table::find_integer(std::string_view key) const {
  return find_scalar<int64_t>(*this, key);
}

std::optional<Located<bool>> Table::find_boolean(std::string_view key) const {
  return find_scalar<bool>(*this, key);
}

std::optional<Located<Milliseconds>> Table::find_time(std::string_view key) const {
  const auto text = find_text(key);
  if (!text) return {};
  const auto time = parse_duration(text->value);
  if (!time) return {};
  return Located<Milliseconds>{*time, text->line};
}

const Table* Table::find_table(std::string_view key) const {
  const auto found = tables(key);
  return found.empty() ? nullptr : found.front();
}

std::vector<Located<std::string>> Table::texts(std::string_view key) const {
  const Field* field = find(key);
  const auto* items = field == nullptr ? nullptr : field->value.as<std::vector<Value>>();
  if (items == nullptr) return {};
  std::vector<Located<std::string>> found;
  for (const Value& item : *items)
    if (const auto* text = item.as<std::string>()) found.push_back({*text, item.line});
  return found;
}

std::map<std::string, std::string> Table::text_map(std::string_view key) const {
  const Table* table = find_table(key);
  if (table == nullptr) return {};
  std::map<std::string, std::string> found;
  for (const Field& field : table->fields)
    if (auto text = scalar_text(field.value)) found.emplace(field.key, std::move(*text));
  return found;
}

std::vector<const Table*> Table::tables(std::string_view key) const {
  const Field* field = find(key);
  if (field == nullptr) return {};
  if (const Table* single = field->value.as<Table>()) return {single};
  std::vector<const Table*> found;
  if (const auto* items = field->value.as<std::vector<Value>>())
    for (const Value& item : *items)
      if (const Table* table = item.as<Table>()) found.push_back(table);
  return found;
}

std::string_view kind_of(const Value& value) {
  struct {
    std::string_view operator()(const std::string&) { return "a string"; }
    std::string_view operator()(int64_t) { return "a number"; }
    std::string_view operator()(bool) { return "a boolean"; }
    std::string_view operator()(const OtherValue& other) { return other.kind; }
    std::string_view operator()(const std::vector<Value>&) { return "an array"; }
    std::string_view operator()(const Table&) { return "a table"; }
  } name;
  return std::visit(name, value.content);
}

std::optional<std::string> scalar_text(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* number = value.as<int64_t>()) return fmt::format("{}", *number);
  if (const auto* boolean = value.as<bool>()) return *boolean ? "true" : "false";
  return {};
}

std::optional<Table> parse_document(std::string_view text, Report& report) {
  if (report_long_key(text, report)) return {};
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    report.mistake(
        line_of(parsed.error().source()),
        fmt::format("this is not TOML: {}", parsed.error().description()),
        fmt::format("{}, mistakes after it are only seen then", advice_for(parsed.error(), text)));
    return {};
  }
  return to_table(parsed.table(), 0);
}

}  // namespace tasuki::config
