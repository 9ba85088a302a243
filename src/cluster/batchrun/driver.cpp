#include "cluster/batchrun/driver.hpp"

#include <filesystem>
#include <iostream>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/batch/words.hpp"
#include "cluster/batchrun/file_commands.hpp"
#include "kit/default_path.hpp"
#include "kit/text.hpp"

namespace tasuki::batchrun {
namespace {

// cmd.exe's ERRORLEVEL for a command that it does not find.
constexpr int kNotFound = 9009;
// An exit code is a byte on Linux; what does not fit must not look like success.
constexpr int kExitCodes = 256;

class Driver {
 public:
  Driver(batch::Program program, const DriverSettings& settings)
      : settings_(settings), files_(settings.files), interpreter_(std::move(program)) {}

  int run() {
    batch::Answer answer = batch::Done{};
    for (;;) {
      const batch::Effect effect = interpreter_.step(std::move(answer));
      if (const auto* const finished = std::get_if<batch::Finished>(&effect.action)) {
        const int code = finished->exit_code % kExitCodes;
        return code == 0 && finished->exit_code != 0 ? 1 : code;
      }
      if (const auto* const failed = std::get_if<batch::Failed>(&effect.action)) {
        fmt::print(stderr, "{}\n", to_text(*failed));
        return 1;
      }
      answer = std::visit([&](const auto& action) { return act(effect, action); }, effect.action);
    }
  }

 private:
  using Effect = batch::Effect;
  using Answer = batch::Answer;

  Answer act(const Effect& effect, const batch::RunCommand& run) {
    std::vector<Stage> stages;
    for (const batch::Command& command : run.stages) {
      if (auto script = find_script(effect, run, command)) return std::move(*script);
      auto stage = stage_of(effect, command);
      if (!stage) {
        complain(effect, stage.error().what);
        return batch::Exited{stage.error().code, ""};
      }
      stages.push_back(std::move(*stage));
    }
    PipelineSettings pipeline{environment(), here(effect), run.captured,
                              !batch::same_name(run.stages.back().name, "start")};
    const auto end = run_pipeline(stages, pipeline);
    if (end) return batch::Exited{end->code, end->output};
    complain(effect, end.error().what);
    return batch::Exited{1, ""};
  }

  Answer act(const Effect& effect, const batch::Print& print) {
    if (auto written = write_redirected(print.text + "\n", redirects(effect, print.redirections));
        !written)
      complain(effect, written.error().what);
    return batch::Done{};
  }
  Answer act(const Effect& effect, const batch::ChangeFolder& change) {
    const auto place = files_.find(effect.folder, change.folder);
    std::error_code problem;
    return batch::Existence{place && std::filesystem::is_directory(*place, problem)};
  }
  Answer act(const Effect& effect, const batch::ReadLine& read) {
    fmt::print("{}", read.prompt);
    std::fflush(stdout);
    for (const batch::Redirection& redirection : read.redirections)
      if (redirection.kind == batch::RedirectionKind::input) {
        const auto content = files_.content(effect.folder, redirection.target).text;
        if (!content) return batch::Content{};
        return batch::Content{std::string(split(*content, '\n').front())};
      }
    std::string line;
    return std::getline(std::cin, line) ? batch::Content{line} : batch::Content{};
  }
  Answer act(const Effect& effect, const batch::FileExists& asked) {
    return batch::Existence{files_.exists(effect.folder, asked.path)};
  }
  Answer act(const Effect& effect, const batch::MatchFiles& asked) {
    return batch::Names{files_.match(effect.folder, asked)};
  }
  Answer act(const Effect& effect, const batch::ReadFile& asked) {
    return files_.content(effect.folder, asked.path);
  }
  Answer act(const Effect& effect, const batch::Note& note) {
    complain(effect, note.text);
    return batch::Done{};
  }
  Answer act(const Effect&, const batch::AskMoment&) { return now(); }
  Answer act(const Effect&, const batch::Performed&) { return batch::Done{}; }
  // The ends are not answered.
  Answer act(const Effect&, const batch::Finished&) { return batch::Done{}; }
  Answer act(const Effect&, const batch::Failed&) { return batch::Done{}; }

  static void complain(const Effect& effect, const std::string& sentence) {
    std::fflush(stdout);
    fmt::print(stderr, "{}:{}: {}\n", effect.file, effect.line, sentence);
  }

  // A batch file that runs in the place of its caller, or comes back to it.
  std::optional<Answer> find_script(const Effect& effect, const batch::RunCommand& run,
                                    const batch::Command& command) {
    if (run.stages.size() > 1 || run.captured || batch::is_internal(command.name))
      return std::nullopt;
    const auto program = find_program(effect, command.name);
    if (!program || !batch::is_batch_file(*program)) return std::nullopt;
    auto script = read_script_file(*program);
    if (script) return batch::ScriptFound{std::move(*script)};
    complain(effect, script.error().what);
    return batch::Exited{1, ""};
  }

  [[nodiscard]] std::optional<std::string> find_program(const Effect& effect,
                                                        const std::string& name) const {
    std::vector<std::string> folders{here(effect)};
    const std::string* const path = interpreter_.environment().find("PATH");
    for (std::string& folder : files_.path_folders(path != nullptr ? *path : kDefaultPath))
      folders.push_back(std::move(folder));
    if (!batch::has_folder(name)) return batch::find_program(name, folders, list_folder);
    const auto place = files_.place(effect.folder, name);
    return place ? batch::find_program(*place, folders, list_folder) : std::nullopt;
  }

  Result<Stage> stage_of(const Effect& effect, batch::Command command) {
    Stage stage{std::vector<std::string>{}, redirects(effect, command.redirections)};
    std::vector<std::string> words = command.words();
    if (batch::same_name(command.name, "start")) {
      // start "title" /options program arguments
      if (command.arguments.find_first_not_of(" \t") != std::string::npos &&
          trim(command.arguments).starts_with('"'))
        words.erase(words.begin());
      while (!words.empty() && words.front().starts_with('/') &&
             !batch::has_folder(words.front().substr(1)))
        words.erase(words.begin());
      if (words.empty()) return failure("start starts nothing", 1);
      command.name = words.front();
      words.erase(words.begin());
    } else if (auto own = find_file_command(command, effect.folder, files_)) {
      stage.work = std::move(*own);
      return stage;
    }
    const auto program = find_program(effect, command.name);
    if (!program)
      return failure(fmt::format("'{}' is not recognized as an internal or external command, "
                                 "operable program or batch file.",
                                 command.name),
                     kNotFound);
    std::vector<std::string> line;
    if (batch::is_batch_file(*program)) line = settings_.batch_command;
    line.push_back(*program);
    for (const std::string& word : words) line.push_back(argument(effect, word));
    stage.work = std::move(line);
    return stage;
  }

  // A path on a drive is a path on this machine, in the case in which it is there.
  [[nodiscard]] std::string argument(const Effect& effect, const std::string& word) const {
    std::string path = batch::to_linux_argument(word, files_.drives());
    if (path == word) return word;
    if (const auto found = files_.find(effect.folder, word)) return *found;
    return path;
  }

  [[nodiscard]] std::vector<Redirect> redirects(
      const Effect& effect, const std::vector<batch::Redirection>& redirections) const {
    std::vector<Redirect> all;
    for (const batch::Redirection& redirection : redirections) {
      Redirect redirect{redirection.handle, Redirect::Kind::write, "", 0};
      switch (redirection.kind) {
        case batch::RedirectionKind::input:
          redirect.kind = Redirect::Kind::read;
          break;
        case batch::RedirectionKind::output:
          break;
        case batch::RedirectionKind::append:
          redirect.kind = Redirect::Kind::append;
          break;
        case batch::RedirectionKind::duplicate:
          redirect.kind = Redirect::Kind::duplicate;
          redirect.other = redirection.target.empty() ? 1 : redirection.target.front() - '0';
          break;
      }
      const bool nowhere = batch::same_name(redirection.target, "nul");
      const auto place = files_.place(effect.folder, redirection.target);
      redirect.file = nowhere ? "/dev/null" : place.value_or(redirection.target);
      all.push_back(std::move(redirect));
    }
    return all;
  }

  [[nodiscard]] std::string here(const Effect& effect) const {
    return files_.find(effect.folder, ".").value_or("/");
  }

  // As programs get it: PATH in the manner of Linux.
  [[nodiscard]] std::map<std::string, std::string> environment() const {
    std::map<std::string, std::string> all;
    for (const batch::Variable& variable : interpreter_.environment().variables())
      all[batch::same_name(variable.name, "PATH") ? "PATH" : variable.name] = variable.value;
    if (const auto path = all.find("PATH"); path != all.end())
      path->second = join(files_.path_folders(path->second), ":");
    return all;
  }

  const DriverSettings& settings_;
  const Files& files_;
  batch::Interpreter interpreter_;
};

}  // namespace

int run_script(batch::Program program, const DriverSettings& settings) {
  return Driver(std::move(program), settings).run();
}

}  // namespace tasuki::batchrun
