// A statement of a batch file as a tree. Texts in it still hold what is expanded while it runs: the
// variables of for loops (%v) and !X!.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace tasuki::batch {

enum class RedirectionKind { input, output, append, duplicate };

// "2>>file": handle 2, append, "file". Of "2>&1" the target is "1".
struct Redirection {
  int handle = 0;
  RedirectionKind kind = RedirectionKind::output;
  std::string target;
  friend bool operator==(const Redirection&, const Redirection&) = default;
};

// One command. Carets are resolved in both texts; `text` is without the redirections.
struct Simple {
  std::string text;
  std::string written;
};

struct Block {};   // the children, one after another
struct Both {};    // a && b && c
struct Either {};  // a || b || c
struct Pipe {};    // a | b | c, each a Simple

enum class Comparison {
  equal_text,  // ==
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal
};
struct Compare {
  std::string left;
  Comparison comparison = Comparison::equal_text;
  std::string right;
};
struct Exists {
  std::string path;
};
struct Defined {
  std::string name;
};
struct ErrorlevelReached {
  std::string number;
};
struct ExtensionVersionReached {
  std::string number;
};
using Test = std::variant<Compare, Exists, Defined, ErrorlevelReached, ExtensionVersionReached>;

// The children: what is done, and what otherwise if there is an else.
struct If {
  bool ignore_case = false;
  bool negated = false;
  Test test;
};

enum class LoopKind { items, folders, numbers, text };  // for, for /d, for /l, for /f

// The only child is the body.
struct For {
  LoopKind kind = LoopKind::items;
  char variable = 0;
  std::string options;  // of /f, without quotes
  std::string set;      // what stands between the parentheses
};

struct Node {
  int line = 0;
  std::variant<Simple, Block, Both, Either, Pipe, If, For> content;
  std::vector<Node> children;
  std::vector<Redirection> redirections;  // of a Simple or a Block

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&content);
  }
};

// What cmd.exe would end the script for when it reads the line.
struct Fault {
  int line = 0;
  std::string text;  // of the line, as it was once its variables were expanded
  std::string what;
  std::string expected;
};

}  // namespace tasuki::batch
