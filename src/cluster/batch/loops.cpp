// The four kinds of `for`.
#include <fmt/format.h>

#include "cluster/batch/interpreter_impl.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// Names and paths as rows of one value.
void add_items(std::vector<Row>& rows, const std::vector<std::string>& items) {
  for (const std::string& item : items) rows.push_back({item});
}

}  // namespace

void Interpreter::run_for(const Node& node, const For& loop) {
  const auto set = expand(loop.set, node);
  if (!set) return;
  succeed();
  if (loop.kind == LoopKind::numbers)
    return push(LoopRounds{&node, number_range(*set), 0, frame().loops});
  if (loop.kind == LoopKind::text && !parse_line_options(loop.options))
    return fail(node.line, fmt::format("for /f does not know the options \"{}\"", loop.options),
                "use tokens=, delims=, eol=, skip= and usebackq");
  push(GatherRows{&node, row_sources(loop, *set), 0, {}});
}

void Interpreter::run(GatherRows task) {
  const Node* const node = task.node;
  while (task.next < task.sources.size()) {
    if (!gather(task)) return;
    ++task.next;
  }
  push(LoopRounds{node, std::move(task.rows), 0, frame().loops});
}

// The rows of the next source; false when it had to ask for them.
bool Interpreter::gather(GatherRows& task) {
  const auto& loop = std::get<For>(task.node->content);
  const LineOptions options = parse_line_options(loop.options).value_or(LineOptions{});
  const int line = task.node->line;
  const RowSource source = task.sources[task.next];
  const auto add_lines = [&task, &options](std::string_view text) {
    for (Row& row : rows_of_lines(text, options)) task.rows.push_back(std::move(row));
  };
  if (const auto* const item = std::get_if<ItemSource>(&source)) {
    task.rows.push_back({item->text});
  } else if (const auto* const lines = std::get_if<LinesSource>(&source)) {
    add_lines(lines->text);
  } else if (const auto* const pattern = std::get_if<PatternSource>(&source)) {
    const auto answer = take_answer<Names>();
    if (!answer) {
      ask(line, MatchFiles{without_quotes(pattern->pattern), loop.kind == LoopKind::folders},
          std::move(task));
      return false;
    }
    add_items(task.rows, answer->names);
  } else if (const auto* const file = std::get_if<FileSource>(&source)) {
    const auto answer = take_answer<Content>();
    if (!answer) {
      ask(line, ReadFile{file->path}, std::move(task));
      return false;
    }
    add_lines(answer->text.value_or(""));
  } else {
    const auto answer = take_answer<Exited>();
    if (!answer) {
      const std::string& text = std::get<CommandSource>(source).command;
      run_captured(line, text, std::move(task));
      return false;
    }
    add_lines(answer->output);
  }
  return true;
}

// The command of `for /f %%v in ('command')`, which is parsed on its own.
void Interpreter::run_captured(int line, const std::string& text, Task task) {
  const Script script{frame().script->path, {text}, {}};
  const ExpandLine as_it_is = [](std::string_view whole) {
    return Expansion{.text = std::string(whole), .needs_moment = false, .fault = {}};
  };
  const Statement statement = parse_statement(script, 0, as_it_is);
  const Node* const node = statement.node ? &*statement.node : nullptr;
  if (!statement.faults.empty() || !node || !(node->as<Simple>() || node->as<Pipe>()))
    return fail(line, "the command of for /f is no single command", "write one command, or a pipe");
  RunCommand run;
  run.captured = true;
  for (const Node& stage : node->as<Pipe>() ? node->children : std::vector<Node>{*node}) {
    CommandText taken = take_apart(std::get<Simple>(stage.content).text);
    run.stages.push_back({std::move(taken.name), std::move(taken.arguments), stage.redirections});
  }
  push(std::move(task));
  emit(line, fold_blanks(text), std::move(run));
}

void Interpreter::run(LoopRounds task) {
  const Node* const node = task.node;
  const auto& loop = std::get<For>(node->content);
  const auto row = next_row(task);
  if (!row) {
    frame().loops = std::move(task.outer);
    return;
  }
  if (!count_work(0)) return;
  LoopVariables variables = task.outer;
  for (size_t i = 0; i < row->size(); ++i)
    variables[static_cast<char>(loop.variable + static_cast<char>(i))] = (*row)[i];
  frame().loops = std::move(variables);
  push(std::move(task));
  push(RunNode{&node->children.front()});
}

std::optional<Row> Interpreter::next_row(LoopRounds& task) const {
  if (auto* const range = std::get_if<NumberRange>(&task.rows)) {
    const auto number = take_number(*range);
    return number ? std::optional(Row{std::to_string(*number)}) : std::nullopt;
  }
  const auto& rows = std::get<std::vector<Row>>(task.rows);
  return task.next < rows.size() ? std::optional(rows[task.next++]) : std::nullopt;
}

}  // namespace tasuki::batch
