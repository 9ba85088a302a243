// Runs a batch script by the rules of cmd.exe, as a machine of steps: it says what it wants done
// next and is told how that went. It knows no clock, file or process, so a run can be shown, tested
// and repeated with plain values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/batch/command.hpp"
#include "cluster/batch/effect.hpp"
#include "cluster/batch/environment.hpp"
#include "cluster/batch/expand.hpp"
#include "cluster/batch/loop.hpp"
#include "cluster/batch/parse.hpp"
#include "cluster/batch/script.hpp"

namespace tasuki::batch {

struct Limits {
  // Scripts and labels that called one another; a script that calls itself without an end is a
  // mistake.
  size_t call_depth = 100;
  // Statements between two commands (long ones count for several), so that `:a` `goto a` ends. A
  // counting loop of some ten thousand rounds is still possible.
  size_t quiet_work = 100'000;
  // cmd.exe's own limit.
  size_t setlocal_depth = 32;
  size_t pushd_depth = 100;
};

struct Program {
  ScriptPointer script;
  std::string name;                    // %0
  std::string full_path;               // what %~f0 is
  std::vector<std::string> arguments;  // %1 and so on
  Environment environment;
  std::string folder;  // the current one
  Limits limits = {};
};

class Interpreter {
 public:
  explicit Interpreter(Program program);

  // The next thing to do, given the answer to the one before (Done for the first). After Finished
  // or Failed it must not be called again.
  Effect step(Answer answer);

  [[nodiscard]] const Environment& environment() const { return environment_; }

 private:
  // What is still to be done in the current statement. A task that had to ask is put back and runs
  // again when the answer is there.
  struct RunNode {
    const Node* node;
  };
  struct RunChildren {
    const Node* node;
    size_t next = 0;
  };
  struct GatherRows {
    const Node* node;
    std::vector<RowSource> sources;
    size_t next = 0;
    std::vector<Row> rows;
  };
  struct LoopRounds {
    const Node* node;
    std::variant<std::vector<Row>, NumberRange> rows;
    size_t next = 0;
    LoopVariables outer;  // as they are again behind the loop
  };
  struct EndRedirections {
    size_t count;
  };
  struct AfterRun {
    bool called;
    std::string name;
    std::string arguments;
    std::vector<Redirection> redirections;
  };
  struct AfterChangeFolder {
    std::string folder;
    bool pushed;
  };
  struct AfterReadLine {
    std::string name;
  };
  using Task = std::variant<RunNode, RunChildren, GatherRows, LoopRounds, EndRedirections, AfterRun,
                            AfterChangeFolder, AfterReadLine>;

  // A script, or a label of one, that was called.
  struct Frame {
    ScriptPointer script;
    size_t next_line = 0;
    Arguments arguments;
    size_t saved_at_entry = 0;                   // setlocals in force when it began
    LoopVariables loops;                         // of the loops that are running
    std::vector<Redirection> redirections;       // of the blocks around, and of the call
    size_t own_redirections = 0;                 // behind those of the call
    std::shared_ptr<const Statement> statement;  // what the tasks point into
    std::vector<Task> tasks;                     // the last is the next
  };

  // What setlocal saves.
  struct Saved {
    Environment environment;
    std::string folder;
    bool delayed = false;
  };

  // A simple command with everything in it expanded.
  struct Expanded {
    int line = 0;
    std::string text;
    std::string shown;
    std::vector<Redirection> redirections;
  };

  [[nodiscard]] Frame& frame() { return frames_.back(); }
  [[nodiscard]] Scope scope();

  void advance();
  void read_statement();
  void push(Task task) { frame().tasks.push_back(std::move(task)); }
  void enter(Frame frame);
  void leave_frame();
  void finish(int exit_code);
  void fail(int line, std::string what, std::string expected, std::string text = {});
  void fail(Fault fault);
  bool count_work(size_t bytes);

  void emit(int line, std::string command, Action action);
  // Puts the task back behind a question.
  template <class Question>
  void ask(int line, Question question, Task task);
  // The answer, if this is the kind it is.
  template <class Kind>
  std::optional<Kind> take_answer();

  void run(RunNode task);
  void run(RunChildren task);
  void run(GatherRows task);
  void run(LoopRounds task);
  void run(const EndRedirections& task);
  void run(const AfterRun& task);
  void run(const AfterChangeFolder& task);
  void run(const AfterReadLine& task);

  // None when a question had to be asked for `node`, or the script failed.
  std::optional<std::string> expand(std::string_view text, const Node& node);
  std::optional<std::vector<Redirection>> expand(const std::vector<Redirection>& redirections,
                                                 const Node& node);
  std::optional<Expanded> expand_command(const Node& node);

  void run_block(const Node& node);
  void run_if(const Node& node, const If& condition);
  std::optional<bool> decide(const Node& node, const If& condition);
  void run_for(const Node& node, const For& loop);
  bool gather(GatherRows& task);
  void run_captured(int line, const std::string& text, Task task);
  std::optional<Row> next_row(LoopRounds& task) const;
  void run_pipe(const Node& node);
  void run_simple(const Node& node);

  void carry_out(const Expanded& command, const Node& node, bool called);
  void start(const Expanded& command, CommandText taken, bool called);
  std::vector<Redirection> with_outer(std::vector<Redirection> redirections);

  void do_echo(const Expanded& command, const CommandText& taken);
  void do_set(const Expanded& command, const CommandText& taken);
  void show_variables(const Expanded& command, std::string_view start);
  void set_number(const Expanded& command, std::string_view expression);
  void ask_for_value(const Expanded& command, std::string_view assignment);
  void do_path(const Expanded& command, const CommandText& taken);
  void do_setlocal(const Expanded& command, const CommandText& taken);
  void do_endlocal();
  void do_shift(const CommandText& taken);
  void do_goto(const Expanded& command, const CommandText& taken);
  void do_call(const Expanded& command, const CommandText& taken, const Node& node);
  void call_label(const Expanded& command, std::string_view text);
  void do_exit(const CommandText& taken);
  void do_cd(const Expanded& command, const CommandText& taken);
  void do_drive(const Expanded& command, const CommandText& taken);
  void change_folder(const Expanded& command, std::string folder, bool pushed);
  void do_pushd(const Expanded& command, const CommandText& taken);
  void do_popd(const Expanded& command);
  void do_pause(const Expanded& command);
  void succeed() { last_code_ = 0; }
  void end_with(int code) { last_code_ = errorlevel_ = code; }

  Limits limits_;
  Environment environment_;
  std::string folder_;
  bool delayed_ = false;  // !X! is expanded
  std::vector<Frame> frames_;
  std::vector<Saved> saved_;
  std::vector<std::string> pushed_folders_;
  int errorlevel_ = 0;
  int last_code_ = 0;  // for && and ||; many commands leave ERRORLEVEL alone
  size_t work_ = 0;    // since the last command
  std::optional<Moment> moment_;
  std::optional<Answer> answer_;
  std::optional<Effect> effect_;
  bool ended_ = false;
};

}  // namespace tasuki::batch
