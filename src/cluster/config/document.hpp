// A TOML file as plain values that know their lines. toml++ stays inside document.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kit/diagnostic.hpp"
#include "kit/duration.hpp"

namespace tasuki::config {

template <class T>
struct Located {
  T value;
  int line = 0;
};

struct Field;

// Its find_ functions skip what has another type: check_keys() has reported that already.
struct Table {
  int line = 0;               // of its header, or of its opening brace
  std::vector<Field> fields;  // in file order

  // nullptr when there is none.
  [[nodiscard]] const Field* find(std::string_view key) const;
  [[nodiscard]] std::optional<Located<std::string>> find_text(std::string_view key) const;
  [[nodiscard]] std::optional<Located<int64_t>> find_integer(std::string_view key) const;
  [[nodiscard]] std::optional<Located<bool>> find_boolean(std::string_view key) const;
  [[nodiscard]] std::optional<Located<Milliseconds>> find_time(std::string_view key) const;
  // The first of several, so that [[key]] for [key] does not bring other mistakes.
  [[nodiscard]] const Table* find_table(std::string_view key) const;

  // Empty when there is none.
  [[nodiscard]] std::vector<Located<std::string>> texts(std::string_view key) const;
  [[nodiscard]] std::map<std::string, std::string> text_map(std::string_view key) const;
  // Those of [[key]]; a single [key] counts as one, so that one mistake does not bring others.
  [[nodiscard]] std::vector<const Table*> tables(std::string_view key) const;
};

// Numbers with a point, dates and times, which no key of Tasuki takes.
struct OtherValue {
  std::string_view kind;  // "a date"
};

struct Value {
  int line = 0;
  std::variant<std::string, int64_t, bool, OtherValue, std::vector<Value>, Table> content;

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&content);
  }
};

struct Field {
  std::string key;
  int line = 0;
  Value value;
};

// "a string", "an array", ... for messages.
std::string_view kind_of(const Value& value);

// The text of a string, a whole number or a boolean; none for anything else.
std::optional<std::string> scalar_text(const Value& value);

// Reports the first mistake in the syntax and returns none: after it nothing can be relied upon.
std::optional<Table> parse_document(std::string_view text, Report& report);

}  // namespace tasuki::config
