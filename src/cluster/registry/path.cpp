#include "cluster/registry/path.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "kit/diagnostic.hpp"
#include "kit/text.hpp"

namespace tasuki::registry {
namespace {

constexpr std::string_view kYenSign = "\xC2\xA5";  // U+00A5

struct Root {
  std::string_view name;
  std::string_view short_name;
};
constexpr std::array kRoots = {
    Root{"HKEY_LOCAL_MACHINE", "HKLM"},  Root{"HKEY_CLASSES_ROOT", "HKCR"},
    Root{"HKEY_CURRENT_USER", "HKCU"},   Root{"HKEY_USERS", "HKU"},
    Root{"HKEY_CURRENT_CONFIG", "HKCC"},
};

// Where the first separator stands and which one it is; at the end and "" when there is none.
struct Separator {
  size_t position = 0;
  std::string_view text;
};

Separator first_separator(std::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' || path[i] == '/') return {i, path.substr(i, 1)};
    if (path.substr(i).starts_with(kYenSign)) return {i, kYenSign};
  }
  return {path.size(), {}};
}

// Without the first separator, with backslashes for the rest of its kind.
std::string with_backslashes(std::string_view names, std::string_view separator) {
  std::string text(names);
  if (separator.empty() || separator == "\\") return text;
  for (size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, at))
    text.replace(at, separator.size(), "\\");
  return text;
}

Result<std::string_view> find_root(std::string_view name) {
  std::vector<std::string> known;
  for (const Root& root : kRoots) {
    if (same_but_case(name, root.name) || same_but_case(name, root.short_name)) return root.name;
    known.emplace_back(root.name);
  }
  if (name.empty())
    return failure(
        R"(a key begins with its root; write it as HKLM\SOFTWARE\NAME or HKLM/SOFTWARE/NAME)");
  for (const Root& root : kRoots) known.emplace_back(root.short_name);
  return failure(fmt::format("no root of the registry is named \"{}\"; {}", shown(name),
                             suggest(fold(name).value, known)));
}

}  // namespace

bool is_at_or_below(const FoldedPath& path, const FoldedPath& top) {
  return path.value.starts_with(top.value) && (path.value.size() == top.value.size() ||
                                               path.value[top.value.size()] == kFoldedSeparator);
}

Result<KeyPath> KeyPath::parse(std::string_view text) {
  // At most three bytes a unit: what is longer is not read at all.
  if (text.size() > 3 * kPathUnitsMax)
    return failure(fmt::format("the key \"{}\" is too long; use at most {} characters", shown(text),
                               kPathUnitsMax));
  const auto [root_end, separator] = first_separator(text);
  const auto root = find_root(text.substr(0, root_end));
  if (!root) return failure(root.error());
  std::string path(*root);
  std::string names = with_backslashes(text.substr(root_end + separator.size()), separator);
  if (names.ends_with('\\')) names.pop_back();
  if (names.empty()) return KeyPath(std::move(path));
  const auto parts = split(names, '\\');
  for (const std::string_view part : parts)
    if (const auto checked = check_key_name(part); !checked) return failure(checked.error());
  path += '\\';
  path += names;
  if (parts.size() >= kLevelsMax)
    return failure(fmt::format("the key \"{}\" is {} levels deep; use at most {}", shown(path),
                               parts.size() + 1, kLevelsMax));
  if (const size_t units = utf16_units(path); units > kPathUnitsMax)
    return failure(fmt::format("the key \"{}\" has {} characters; use at most {}", shown(path),
                               units, kPathUnitsMax));
  return KeyPath(std::move(path));
}

FoldedPath KeyPath::folded() const {
  FoldedPath path{fold(text_).value};
  std::ranges::replace(path.value, '\\', kFoldedSeparator);
  return path;
}

std::string_view KeyPath::name() const {
  return std::string_view(text_).substr(text_.rfind('\\') + 1);
}

std::optional<KeyPath> KeyPath::parent() const {
  const size_t end = text_.rfind('\\');
  if (end == std::string::npos) return std::nullopt;
  return KeyPath(text_.substr(0, end));
}

Result<KeyPath> KeyPath::child(std::string_view name) const {
  if (const auto checked = check_key_name(name); !checked) return failure(checked.error());
  return parse(fmt::format("{}\\{}", text_, name));
}

bool KeyPath::is_at_or_below(const KeyPath& top) const {
  return registry::is_at_or_below(folded(), top.folded());
}

Result<ValuePath> ValuePath::parse(std::string_view text) {
  const std::string_view separator = first_separator(text).text;
  size_t end = text.rfind('\\');
  if (!separator.empty() && separator != "\\") {
    const size_t other = text.rfind(separator);
    if (end == std::string_view::npos || other > end) end = other;
  }
  if (end == std::string_view::npos)
    return failure(fmt::format("\"{}\" names no value; write KEY\\VALUE", shown(text)));
  const size_t length = text[end] == '\\' ? 1 : separator.size();
  const std::string_view name = text.substr(end + length);
  if (const auto checked = check_value_name(name); !checked) return failure(checked.error());
  auto key = KeyPath::parse(text.substr(0, end));
  if (!key) return failure(key.error());
  return ValuePath{std::move(*key), std::string(name)};
}

}  // namespace tasuki::registry
