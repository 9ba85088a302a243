#include "cluster/cli/script_files.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

std::vector<std::string> list_folder(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (auto i = std::filesystem::directory_iterator(folder, problem);
       !problem && i != std::filesystem::directory_iterator(); i.increment(problem))
    names.push_back(i->path().filename());
  std::ranges::sort(names);
  return names;
}

// The existing file that a script's path means; none on a drive.
std::optional<std::string> find_file(const std::string& folder, const std::string& path) {
  const auto linux_path = batch::to_linux_path(batch::join_path(folder, path), {});
  return linux_path ? batch::find_path(*linux_path, list_folder) : std::nullopt;
}

std::vector<std::string> match_files(const std::string& folder, const batch::MatchFiles& wanted) {
  const auto parts = batch::split_path(wanted.pattern);
  const std::string own_folder = parts.drive + parts.folder;
  const auto where = find_file(folder, own_folder.empty() ? "." : own_folder);
  std::vector<std::string> found;
  for (const auto& name : where ? list_folder(*where) : std::vector<std::string>{}) {
    std::error_code problem;
    const bool is_folder = std::filesystem::is_directory(*where + "/" + name, problem);
    if (is_folder == wanted.folders && batch::matches(parts.name + parts.extension, name))
      found.push_back(own_folder + name);
  }
  return found;
}

bool exists(const std::string& folder, const std::string& path) {
  if (path.find_first_of("*?") == std::string::npos) return find_file(folder, path).has_value();
  return !match_files(folder, {path, false}).empty() || !match_files(folder, {path, true}).empty();
}

batch::Content read_content(const std::string& folder, const std::string& path) {
  const auto file = find_file(folder, path);
  auto text = file ? read_file(*file, batch::kFileBytesMax) : failure("no such file");
  return {text ? std::optional(std::move(*text)) : std::nullopt};
}

// As Japanese Windows writes it.
batch::Moment now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto hundredths =
      std::chrono::floor<std::chrono::duration<int, std::centi>>(since_epoch - seconds);
  const std::time_t clock = seconds.count();
  std::tm local{};
  localtime_r(&clock, &local);
  constexpr int kLargestRandom = 32767;
  std::random_device random;
  return {fmt::format("{:04}/{:02}/{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday),
          fmt::format("{:2}:{:02}:{:02}.{:02}", local.tm_hour, local.tm_min, local.tm_sec,
                      hundredths.count()),
          std::to_string(std::uniform_int_distribution<int>(0, kLargestRandom)(random))};
}

}  // namespace

Result<batch::ScriptPointer> read_script_file(const std::string& path) {
  const auto bytes = read_file(path, batch::kFileBytesMax);
  if (!bytes) return failure(bytes.error());
  auto script = batch::read_script(path, *bytes);
  if (!script) return failure(script.error());
  return std::make_shared<const batch::Script>(std::move(*script));
}

batch::CheckedFile survey_file(batch::ScriptPointer script, const std::vector<std::string>& given) {
  const std::filesystem::path path = std::filesystem::absolute(script->path);
  batch::CheckedFile file{std::move(script), list_folder(path.parent_path()), nullptr};
  const auto wanted = batch::sibling_name(path.filename().string());
  if (!wanted) return file;
  for (const std::string& name : file.beside) {
    if (!batch::same_name(name, *wanted)) continue;
    const std::string sibling = path.parent_path() / name;
    const bool is_given = std::ranges::any_of(given, [&sibling](const std::string& one) {
      return std::filesystem::absolute(one).lexically_normal() ==
             std::filesystem::path(sibling).lexically_normal();
    });
    if (auto read = read_script_file(sibling); read && !is_given) file.sibling = std::move(*read);
  }
  return file;
}

std::vector<std::string> programs_in_path() {
  const char* const path = std::getenv("PATH");
  std::vector<std::string> programs;
  for (const std::string_view folder : split(path ? path : "", ':'))
    for (std::string& name : list_folder(std::string(folder))) programs.push_back(std::move(name));
  return programs;
}

batch::Answer TracedSurroundings::answer(const batch::Effect& effect) {
  const auto& action = effect.action;
  if (const auto* const run = std::get_if<batch::RunCommand>(&action))
    return answer_run(effect, *run);
  if (const auto* const asked = std::get_if<batch::FileExists>(&action))
    return batch::Existence{exists(effect.folder, asked->path)};
  if (const auto* const asked = std::get_if<batch::MatchFiles>(&action))
    return batch::Names{match_files(effect.folder, *asked)};
  if (const auto* const asked = std::get_if<batch::ReadFile>(&action))
    return read_content(effect.folder, asked->path);
  if (std::holds_alternative<batch::ChangeFolder>(action)) return batch::Existence{true};
  if (std::holds_alternative<batch::ReadLine>(action)) return batch::Content{};
  if (std::holds_alternative<batch::AskMoment>(action)) return now();
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
                                           folders, list_folder);
  if (!program || !batch::is_batch_file(*program)) return batch::Exited{};
  auto script = read_script_file(*program);
  if (script) return batch::ScriptFound{std::move(*script)};
  problems_.push_back(script.error().what);
  return batch::Exited{};
}

}  // namespace tasuki::cli
