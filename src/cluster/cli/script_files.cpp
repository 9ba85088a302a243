#include "cluster/cli/script_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"
#include "cluster/batchrun/files.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {

batch::CheckedFile survey_file(batch::ScriptPointer script, const std::vector<std::string>& given) {
  const std::filesystem::path path = std::filesystem::absolute(script->path);
  batch::CheckedFile file{std::move(script), batchrun::list_folder(path.parent_path()), nullptr};
  const auto wanted = batch::sibling_name(path.filename().string());
  if (!wanted) return file;
  for (const std::string& name : file.beside) {
    if (!batch::same_name(name, *wanted)) continue;
    const std::string sibling = path.parent_path() / name;
    const bool is_given = std::ranges::any_of(given, [&sibling](const std::string& one) {
      return std::filesystem::absolute(one).lexically_normal() ==
             std::filesystem::path(sibling).lexically_normal();
    });
    if (auto read = batchrun::read_script_file(sibling); read && !is_given)
      file.sibling = std::move(*read);
  }
  return file;
}

std::vector<std::string> programs_in_path() {
  const char* const path = std::getenv("PATH");
  std::vector<std::string> programs;
  for (const std::string_view folder : split(path ? path : "", ':'))
    for (std::string& name : batchrun::list_folder(std::string(folder)))
      programs.push_back(std::move(name));
  return programs;
}

batch::Answer TracedSurroundings::answer(const batch::Effect& effect) {
  const auto& action = effect.action;
  if (const auto* const run = std::get_if<batch::RunCommand>(&action))
    return answer_run(effect, *run);
  if (const auto* const asked = std::get_if<batch::FileExists>(&action))
    return batch::Existence{files_.exists(effect.folder, asked->path)};
  if (const auto* const asked = std::get_if<batch::MatchFiles>(&action))
    return batch::Names{files_.match(effect.folder, *asked)};
  if (const auto* const asked = std::get_if<batch::ReadFile>(&action))
    return files_.content(effect.folder, asked->path);
  if (std::holds_alternative<batch::ChangeFolder>(action)) return batch::Existence{true};
  if (std::holds_alternative<batch::ReadLine>(action)) return batch::Content{};
  if (std::holds_alternative<batch::AskMoment>(action)) return batchrun::now();
  return batch::Done{};
}

batch::Answer TracedSurroundings::answer_run(const batch::Effect& effect,
                                             const batch::RunCommand& run) {
  const std::string& name = run.stages.front().name;
  if (run.stages.size() > 1 || run.captured || batch::is_internal(name)) return batch::Exited{};
  if (batch::has_drive(name) || batch::has_drive(effect.folder)) return batch::Exited{};
  const bool elsewhere = batch::has_folder(name);
  const std::vector<std::string> folders{effect.folder, script_folder_};
  const auto program = batch::find_program(elsewhere ? batch::join_path(effect.folder, name) : name,
                                           folders, batchrun::list_folder);
  if (!program || !batch::is_batch_file(*program)) return batch::Exited{};
  auto script = batchrun::read_script_file(*program);
  if (script) return batch::ScriptFound{std::move(*script)};
  problems_.push_back(script.error().what);
  return batch::Exited{};
}

}  // namespace tasuki::cli
