// Where a key or a value is. Windows' own form is canonical: the root's long name and backslashes.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/registry/names.hpp"
#include "kit/result.hpp"
#include "kit/strong.hpp"

namespace tasuki::registry {

// What paths are compared by (names.hpp says more). In plain order a key stands directly before the
// keys below it, and its children stand where Windows lists them.
using FoldedPath = Strong<struct FoldedPathTag, std::string>;

// Between a folded path's parts: below every character of a name, so that a key's subtree stands
// together, "A" and "A\B" before "A B".
inline constexpr char kFoldedSeparator = '\x01';

bool is_at_or_below(const FoldedPath& path, const FoldedPath& top);

// A root or a key below one, in the case it was written in.
class KeyPath {
 public:
  // "HKEY_LOCAL_MACHINE\SOFTWARE\NEC", "HKLM\SOFTWARE\NEC", "HKLM/SOFTWARE/NEC" or the same with
  // the yen sign that Japanese Windows shows for a backslash. A backslash always separates; a slash
  // or a yen sign separates when it follows the root, otherwise it is part of a name, as in
  // "HKCR\MIME\Database\Content Type\text/plain". One separator may end the path.
  // An Error ends in "; what to do".
  static Result<KeyPath> parse(std::string_view text);

  // Parsing it gives the same path again.
  [[nodiscard]] const std::string& text() const { return text_; }
  // A map's key. Comparing two KeyPaths folds both, so that a map of them is slow.
  [[nodiscard]] FoldedPath folded() const;

  [[nodiscard]] bool is_root() const { return !text_.contains('\\'); }
  // The last part of the path.
  [[nodiscard]] std::string_view name() const;
  // Nothing above a root.
  [[nodiscard]] std::optional<KeyPath> parent() const;
  [[nodiscard]] Result<KeyPath> child(std::string_view name) const;
  [[nodiscard]] bool is_at_or_below(const KeyPath& top) const;

  friend bool operator==(const KeyPath& one, const KeyPath& other) {
    return one.folded() == other.folded();
  }
  friend auto operator<=>(const KeyPath& one, const KeyPath& other) {
    return one.folded() <=> other.folded();
  }

 private:
  friend class Tree;  // keeps paths that were checked
  explicit KeyPath(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// A value of a key; the default value has no name. Where the two can stand apart, as on a command
// line, they do: KEY [VALUE].
struct ValuePath {
  KeyPath key;
  std::string name;

  // "KEY\NAME" in one word: the name is what follows the last separator, so that "KEY\" is the
  // default value. A value whose name has a backslash cannot be written like that.
  static Result<ValuePath> parse(std::string_view text);

  // What parse() reads, unless the name has a backslash.
  [[nodiscard]] std::string text() const { return key.text() + '\\' + name; }

  friend bool operator==(const ValuePath& one, const ValuePath& other) {
    return one.key == other.key && fold(one.name) == fold(other.name);
  }
};

}  // namespace tasuki::registry
