#include "cluster/batch/command.hpp"

#include <algorithm>
#include <array>

#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kInternal{
    "assoc"sv,  "break"sv, "call"sv,  "cd"sv,     "chdir"sv,    "cls"sv,   "color"sv,  "copy"sv,
    "date"sv,   "del"sv,   "dir"sv,   "echo"sv,   "endlocal"sv, "erase"sv, "exit"sv,   "ftype"sv,
    "goto"sv,   "md"sv,    "mkdir"sv, "mklink"sv, "move"sv,     "path"sv,  "pause"sv,  "popd"sv,
    "prompt"sv, "pushd"sv, "rd"sv,    "ren"sv,    "rename"sv,   "rmdir"sv, "set"sv,    "setlocal"sv,
    "shift"sv,  "start"sv, "time"sv,  "title"sv,  "type"sv,     "ver"sv,   "verify"sv, "vol"sv};

// chcp is a program on Windows, but about the window as well: text is UTF-8 here.
constexpr std::array kWindow{"break"sv,  "chcp"sv,  "cls"sv,   "color"sv,
                             "prompt"sv, "title"sv, "verify"sv};

// Those whose argument is a path, which may begin right behind the name: "cd..", "md\x".
constexpr std::array kWithPath{"cd"sv,    "chdir"sv, "copy"sv, "del"sv,   "dir"sv, "md"sv,
                               "mkdir"sv, "pushd"sv, "rd"sv,   "rmdir"sv, "type"sv};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [name](auto known) { return same_name(known, name); });
}

// How long the name in front of `word` is.
size_t name_length(std::string_view word) {
  const size_t mark = word.find_first_of(".:/\\+[](");
  if (mark == 0 || mark == std::string_view::npos) return word.size();
  const std::string_view head = word.substr(0, mark);
  const char c = word[mark];
  if (same_name(head, "echo")) return mark;
  if ((c == '.' || c == '\\') && is_one_of(kWithPath, head)) return mark;
  if ((c == '/' || c == ':') && is_internal(head)) return mark;
  // The switch of a program, unless the word is a path: "ipconfig/all" is, "y:/tools/x" is not.
  if (c == '/') return mark;
  return word.size();
}

}  // namespace

CommandText take_apart(std::string_view text) {
  while (!text.empty() && is_delimiter(text.front())) text.remove_prefix(1);
  bool quoted = false;
  size_t end = 0;
  for (; end < text.size() && (quoted || !is_delimiter(text[end])); ++end)
    if (text[end] == '"') quoted = !quoted;
  const std::string_view word = text.substr(0, end);
  const size_t length = word.contains('"') ? word.size() : name_length(word);
  return {without_quotes(word.substr(0, length)), std::string(text.substr(length))};
}

std::span<const std::string_view> internal_commands() {
  return kInternal;
}

bool is_internal(std::string_view name) {
  return is_one_of(kInternal, name);
}

bool is_about_the_window(std::string_view name) {
  return is_one_of(kWindow, name);
}

bool is_batch_file(std::string_view name) {
  const std::string extension = split_path(name).extension;
  return same_name(extension, ".bat") || same_name(extension, ".cmd");
}

}  // namespace tasuki::batch
