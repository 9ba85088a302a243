#include "cluster/batch/parse.hpp"

#include <array>

#include <fmt/format.h>

#include "cluster/batch/lexer.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

Node make_node(int line, decltype(Node::content) content) {
  return {line, std::move(content), {}, {}};
}

std::optional<Comparison> comparison_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Comparison>, 6> kNames{{
      {"EQU", Comparison::equal},
      {"NEQ", Comparison::not_equal},
      {"LSS", Comparison::less},
      {"LEQ", Comparison::less_or_equal},
      {"GTR", Comparison::greater},
      {"GEQ", Comparison::greater_or_equal},
  }};
  for (const auto& [known, comparison] : kNames)
    if (same_name(name, known)) return comparison;
  return std::nullopt;
}

// From the loosest to the tightest: `&`, `||`, `&&`, `|`. An `if` or `for` takes everything behind
// it to the end of its line, whatever operators stand there.
class Parser {
 public:
  explicit Parser(LineSource& source) : source_(source), lexer_(source) {}

  std::optional<Node> statement() {
    auto node = sequence();
    lexer_.skip_blanks();
    if (!source_.at_line_end()) unexpected();
    return node;
  }

 private:
  using Operand = std::optional<Node> (Parser::*)();

  void unexpected() {
    source_.fault(fmt::format("\"{}\" stands where nothing more was expected",
                              trim(source_.rest().substr(0, 20))),
                  "begin a new line, or join commands with & or &&");
    source_.skip_line();
  }

  // commands joined with &, or one
  std::optional<Node> sequence() {
    Node block = make_node(source_.line(), Block{});
    for (;;) {
      if (auto node = either()) block.children.push_back(std::move(*node));
      lexer_.skip_blanks();
      if (source_.rest().starts_with("&&") || !lexer_.take("&")) break;
    }
    if (block.children.empty()) return std::nullopt;
    if (block.children.size() == 1) return std::move(block.children.front());
    return block;
  }

  std::optional<Node> either() { return chain("||", Either{}, &Parser::both); }
  std::optional<Node> both() { return chain("&&", Both{}, &Parser::pipe); }

  std::optional<Node> pipe() {
    auto node = chain("|", Pipe{}, &Parser::single);
    if (node && node->as<Pipe>())
      for (const Node& stage : node->children)
        if (!stage.as<Simple>())
          source_.fault("a pipe joins something that is no single command",
                        "pipe single commands, or write to a file between them");
    return node;
  }

  std::optional<Node> chain(std::string_view joint, decltype(Node::content) content,
                            Operand operand) {
    auto first = (this->*operand)();
    Node joined = make_node(source_.line(), std::move(content));
    for (;;) {
      lexer_.skip_blanks();
      // A pipe's "|" is not half of "||".
      if (joint == "|" && source_.rest().starts_with("||")) break;
      if (!lexer_.take(joint)) break;
      const bool spaced = is_blank(source_.peek());
      auto next = (this->*operand)();
      // So that a pipe is shown as it is written.
      if (auto* const simple = next ? std::get_if<Simple>(&next->content) : nullptr)
        if (spaced) simple->written.insert(0, " ");
      if (!first || !next) {
        source_.fault(fmt::format("\"{}\" has no command on one of its sides", joint),
                      "write a command there");
        return first ? std::move(first) : std::move(next);
      }
      if (joined.children.empty()) joined.children.push_back(std::move(*first));
      joined.children.push_back(std::move(*next));
    }
    if (joined.children.empty()) return first;
    joined.line = joined.children.front().line;
    return joined;
  }

  // A command, a block, an if or a for. None for a label, a comment's label and the line's end.
  std::optional<Node> single() {
    if (nesting_ >= kNestingMax) {
      source_.fault("blocks, ifs and fors stand too deep in one another",
                    fmt::format("at most {} are possible", kNestingMax));
      source_.skip_line();
      return std::nullopt;
    }
    ++nesting_;
    auto node = open_single();
    --nesting_;
    return node;
  }

  std::optional<Node> open_single() {
    while (is_delimiter(source_.peek()) || source_.peek() == '@') source_.advance();
    const int line = source_.line();
    if (source_.peek() == ':' && !(in_block() && after_label_)) return label();
    std::vector<Redirection> redirections;
    std::string written;
    while (lexer_.at_redirection()) {
      redirections.push_back(lexer_.redirection(written));
      lexer_.skip_delimiters();
      written += ' ';
    }
    const char c = source_.peek();
    if (c == '\n' && redirections.empty()) return std::nullopt;
    if (c == ')') return closing();
    if (c == '&' || c == '|') return std::nullopt;
    after_label_ = false;
    if (c == '(') return block(line, std::move(redirections));
    if (lexer_.take_keyword("rem")) return comment(line);
    if (lexer_.take_keyword("if")) return condition(line);
    if (lexer_.take_keyword("for")) return loop(line);
    Node node = make_node(line, Simple{});
    node.redirections = std::move(redirections);
    Simple simple = lexer_.command(node.redirections, in_block());
    simple.written = written + simple.written;
    node.content = std::move(simple);
    return node;
  }

  [[nodiscard]] bool in_block() const { return blocks_ > 0; }

  std::optional<Node> label() {
    after_label_ = in_block();
    lexer_.skip_label_line();
    return std::nullopt;
  }

  // Outside a block cmd.exe takes a line that begins with ")" for a comment; that is what remains
  // of a block that goto jumped into.
  std::optional<Node> closing() {
    if (!in_block()) source_.skip_line();
    return std::nullopt;
  }

  // Operators and the end of a block only count right behind rem; (rem) is how to do nothing.
  Node comment(int line) {
    const bool ends_block = in_block() && source_.peek() == ')';
    lexer_.skip_blanks();
    const char c = source_.peek();
    if (c != '&' && c != '|' && !ends_block) source_.skip_line();
    return make_node(line, Block{});
  }

  Node block(int line, std::vector<Redirection> redirections) {
    Node block = make_node(line, Block{});
    block.redirections = std::move(redirections);
    source_.advance();
    ++blocks_;
    bool closed = false;
    while (!closed) {
      lexer_.skip_delimiters();
      if (source_.at_line_end()) {
        if (!source_.next_line()) break;
      } else if (lexer_.take(")")) {
        closed = true;
      } else {
        block_line(block);
      }
    }
    --blocks_;
    if (!closed)
      source_.fault_in(line, "the ( is never closed", "close the block with )");
    else if (after_label_)
      source_.fault("a label or :: stands right before the end of a block",
                    "use rem for comments in blocks");
    else if (block.children.empty())
      source_.fault("there is nothing between ( and )", "write a command there, or rem");
    after_label_ = false;
    for (lexer_.skip_blanks(); lexer_.at_redirection(); lexer_.skip_blanks()) {
      std::string written;
      block.redirections.push_back(lexer_.redirection(written));
    }
    return block;
  }

  void block_line(Node& block) {
    if (auto node = sequence()) block.children.push_back(std::move(*node));
    lexer_.skip_blanks();
    if (!source_.at_line_end() && source_.peek() != ')') unexpected();
  }

  Node condition(int line) {
    If content;
    for (;;) {
      lexer_.skip_blanks();
      if (lexer_.take_keyword("/i"))
        content.ignore_case = true;
      else if (lexer_.take_keyword("not"))
        content.negated = true;
      else
        break;
    }
    const bool understood = test(content.test);
    Node node = make_node(line, std::move(content));
    if (!understood) source_.skip_line();
    add_branch(node, understood, "if says what to test, but not what to do");
    lexer_.skip_delimiters();
    if (lexer_.take_keyword("else")) add_branch(node, true, "else says not what to do");
    return node;
  }

  // A branch of an if or the body of a for. There always is one, so that nobody has to ask.
  void add_branch(Node& node, bool wanted, const char* missing) {
    auto branch = sequence();
    if (!branch && wanted) source_.fault(missing, "write a command in the same line");
    node.children.push_back(branch ? std::move(*branch) : make_node(node.line, Block{}));
  }

  // False when it cannot be understood, which has been reported then.
  bool test(Test& test) {
    if (source_.rest().starts_with("==")) {
      source_.fault("the left side of == is empty", "put both sides in quotes");
      return false;
    }
    const std::string first = lexer_.word();
    lexer_.skip_blanks();
    if (!source_.rest().starts_with('=')) {
      if (same_name(first, "exist")) return operand(test, Exists{lexer_.word()}, first);
      if (same_name(first, "defined")) return operand(test, Defined{lexer_.word()}, first);
      if (same_name(first, "errorlevel"))
        return operand(test, ErrorlevelReached{lexer_.word()}, first);
      if (same_name(first, "cmdextversion"))
        return operand(test, ExtensionVersionReached{lexer_.word()}, first);
    }
    return compare(test, first);
  }

  template <class T>
  bool operand(Test& test, T wanted, const std::string& name) {
    const auto& [value] = wanted;
    if (value.empty())
      source_.fault(fmt::format("if {} says not of what", name), "write it behind it");
    const bool given = !value.empty();
    test = std::move(wanted);
    return given;
  }

  bool compare(Test& test, const std::string& left) {
    Compare compare{left, Comparison::equal_text, {}};
    if (!lexer_.take("==")) {
      if (lexer_.take("=")) {
        source_.fault(std::string(kSingleEquals), "write \"==\"");
      } else if (const auto name = lexer_.word(); const auto named = comparison_named(name)) {
        compare.comparison = *named;
      } else {
        source_.fault(name.empty() ? fmt::format("if does not say what to do with {}", left)
                                   : fmt::format("\"{}\" stands where == was expected", name),
                      "write == or one of EQU, NEQ, LSS, LEQ, GTR, GEQ, and quotes around what may "
                      "be empty or contain blanks");
        return false;
      }
    }
    compare.right = lexer_.word();
    const bool given = !compare.right.empty();
    if (!given)
      source_.fault("the right side of the comparison is missing", "put both sides in quotes");
    test = std::move(compare);
    return given;
  }

  Node loop(int line) {
    For content;
    const bool understood = loop_head(content);
    if (!understood) source_.skip_line();
    Node node = make_node(line, std::move(content));
    add_branch(node, understood, "for does not say what to do");
    return node;
  }

  bool loop_head(For& content) {
    lexer_.skip_delimiters();
    if (lexer_.take_keyword("/l")) content.kind = LoopKind::numbers;
    if (lexer_.take_keyword("/d")) content.kind = LoopKind::folders;
    if (lexer_.take_keyword("/f")) content.kind = LoopKind::text;
    if (lexer_.take_keyword("/r")) {
      source_.fault("for /r is not understood by Tasuki", "name the folders one by one");
      return false;
    }
    std::string variable = lexer_.word();
    if (content.kind == LoopKind::text && !variable.starts_with('%')) {
      content.options = unquoted(variable);
      variable = lexer_.word();
    }
    if (variable.size() != 2 || variable[0] != '%') {
      source_.fault(fmt::format("\"{}\" is no variable of a for", variable),
                    "write two percent signs and one letter, as %%i");
      return false;
    }
    content.variable = variable[1];
    lexer_.skip_delimiters();
    const bool in = lexer_.take_keyword("in");
    lexer_.skip_delimiters();
    if (!in || !lexer_.take("(")) {
      source_.fault("for has no in (...)", "write for %%i in (...) do command");
      return false;
    }
    auto set = lexer_.loop_set();
    lexer_.skip_delimiters();
    if (!set || !lexer_.take_keyword("do")) {
      source_.fault("for has no do", "write for %%i in (...) do command");
      return false;
    }
    content.set = std::move(*set);
    return true;
  }

  LineSource& source_;
  Lexer lexer_;
  int nesting_ = 0;
  int blocks_ = 0;
  bool after_label_ = false;  // in a block, with no command since
};

}  // namespace

Statement parse_statement(const Script& script, size_t first_line, const ExpandLine& expand) {
  LineSource source(script, first_line, expand);
  Parser parser(source);
  Statement statement;
  statement.node = parser.statement();
  statement.next_line = source.next_index();
  statement.bytes = source.bytes();
  statement.needs_moment = source.needs_moment();
  statement.faults = source.take_faults();
  return statement;
}

}  // namespace tasuki::batch
