// The words of a statement: what quotes, carets and redirections mean (cmd.exe's phase 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/batch/line_source.hpp"
#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

class Lexer {
 public:
  explicit Lexer(LineSource& source) : source_(source) {}

  void skip_delimiters();
  void skip_blanks();

  // Takes the word when it stands here, whatever its case, and ends here.
  bool take_keyword(std::string_view keyword);
  bool take(std::string_view characters);

  // Up to a delimiter or an operator; quotes stay. Empty when there is none. Parentheses are
  // letters here, for `if (%1)==()`.
  std::string word();

  // Whether "<" or ">" stands here, perhaps with a handle's digit in front.
  [[nodiscard]] bool at_redirection() const;
  // Takes it; its text as written is added to `written`.
  Redirection redirection(std::string& written);

  // A command up to an operator, or in a block to its end; its redirections are added to `node`'s.
  Simple command(std::vector<Redirection>& redirections, bool in_block);

  // What stands between the parentheses of a for, up to the closing one. None when there is none.
  std::optional<std::string> loop_set();

  // A label or comment, with the lines that a caret at its end adds to it.
  void skip_label_line();

 private:
  // The character behind a caret, which is itself whatever it is; none when the script ends.
  std::optional<char> escaped();

  LineSource& source_;
};

}  // namespace tasuki::batch
