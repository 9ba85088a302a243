// What an interpreter wants done, one thing at a time, and what it is told in answer. It decides;
// whoever drives it acts: to run a script for good, or only to show what it would do.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/batch/expand.hpp"
#include "cluster/batch/script.hpp"
#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

// A command that the interpreter does not carry out itself: a program, a batch file, or one of
// cmd.exe's own about files, as copy.
struct Command {
  std::string name;       // without quotes; may be a path
  std::string arguments;  // as written
  std::vector<Redirection> redirections;

  // The arguments as a program gets them: separated by blanks, without quotes.
  [[nodiscard]] std::vector<std::string> words() const;
};

// Each command's output is the next one's input. Answered with Exited, or when it is one batch
// file, with ScriptFound.
struct RunCommand {
  std::vector<Command> stages;
  bool called = false;    // by `call`: a batch file comes back
  bool captured = false;  // for `for /f`: the answer has the output
};
// One line of text to standard output. Answered with Done.
struct Print {
  std::string text;
  std::vector<Redirection> redirections;
};
// The interpreter has done it: set, pushd, title. Answered with Done.
struct Performed {};
// Answered with Existence: whether the folder is there. Only then it becomes the current one.
struct ChangeFolder {
  std::string folder;
};
// A line of standard input. Answered with Content; none at its end.
struct ReadLine {
  std::string prompt;
  std::vector<Redirection> redirections;
};
// Answered with Existence.
struct FileExists {
  std::string path;  // as written, without quotes; may have * and ? in its last part
};
// Answered with Names: files (or folders) whose names match, with the pattern's own folder in
// front.
struct MatchFiles {
  std::string pattern;
  bool folders = false;
};
// Answered with Content.
struct ReadFile {
  std::string path;
};
// Answered with a Moment.
struct AskMoment {};
// Something that people should know. Answered with Done.
struct Note {
  std::string text;
};

// The ends. Nothing follows.
struct Finished {
  int exit_code = 0;
};
struct Failed {
  std::string file;
  Fault fault;
};

using Action = std::variant<RunCommand, Print, Performed, ChangeFolder, ReadLine, FileExists,
                            MatchFiles, ReadFile, AskMoment, Note, Finished, Failed>;

struct Effect {
  std::string file;     // of the script
  int line = 0;         // in it
  std::string command;  // as it is shown to people; empty for what is no command
  std::string folder;   // the current one
  Action action;
};

struct Done {};
struct Exited {
  int code = 0;
  std::string output;  // of a captured run
};
struct ScriptFound {
  ScriptPointer script;
};
struct Existence {
  bool there = false;
};
struct Content {
  std::optional<std::string> text;
};
struct Names {
  std::vector<std::string> names;
};
using Answer = std::variant<Done, Exited, ScriptFound, Existence, Content, Names, Moment>;

// "FILE:LINE: what is wrong; what is expected, in: TEXT"
std::string to_text(const Failed& failed);

}  // namespace tasuki::batch
