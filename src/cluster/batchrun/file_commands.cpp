#include "cluster/batchrun/file_commands.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/batch/words.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::batchrun {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// What one command is told: options begin with a slash, as cmd.exe's do; a Linux path has a second
// one.
struct Told {
  std::string folder;
  const Files& files;
  Words options;
  Words paths;
};

Told take_options(const batch::Command& command, const std::string& folder, const Files& files) {
  Told told{folder, files, {}, {}};
  for (const std::string& word : command.words()) {
    const bool option = word.size() > 1 && word.front() == '/' && word.size() <= 4 &&
                        word.find('/', 1) == std::string::npos && !files.find(folder, word);
    (option ? told.options : told.paths).push_back(word);
  }
  return told;
}

bool has(const Words& options, std::string_view option) {
  return std::ranges::any_of(
      options, [&](const std::string& given) { return same_but_case(given, option); });
}

int complain(const std::string& sentence) {
  fmt::print(stderr, "{}\n", sentence);
  return 1;
}

// Linux paths of all files that the words mean.
Words meant(const Told& told, const Words& words) {
  Words found;
  for (const std::string& word : words) {
    if (word.find_first_of("*?") == std::string::npos) {
      if (auto file = told.files.find(told.folder, word)) found.push_back(*file);
      continue;
    }
    for (const std::string& name : told.files.match(told.folder, {word, false}))
      if (auto file = told.files.find(told.folder, name)) found.push_back(*file);
  }
  return found;
}

int copy_or_move(const Told& told, bool move) {
  if (told.paths.empty() || told.paths.size() > 2)
    return complain("The syntax of the command is incorrect.");
  const Words from = meant(told, {told.paths.front()});
  if (from.empty()) return complain("The system cannot find the file specified.");
  const auto target = told.files.place(told.folder, told.paths.size() == 2 ? told.paths[1] : ".");
  if (!target) return complain(target.error().what);
  std::error_code problem;
  const bool into = fs::is_directory(*target, problem);
  if (from.size() > 1 && !into) return complain("Several files go into a folder only.");
  for (const std::string& file : from) {
    const fs::path place = into ? fs::path(*target) / fs::path(file).filename() : fs::path(*target);
    if (move)
      fs::rename(file, place, problem);
    else
      fs::copy_file(file, place, fs::copy_options::overwrite_existing, problem);
    if (move && problem == std::errc::cross_device_link) {
      fs::copy(file, place, fs::copy_options::recursive, problem);
      if (!problem) fs::remove_all(file, problem);
    }
    if (problem) return complain(fmt::format("{}: {}", place.string(), problem.message()));
  }
  fmt::print("        {} file(s) {}.\n", from.size(), move ? "moved" : "copied");
  return 0;
}

int remove_files(const Told& told) {
  const Words files = meant(told, told.paths);
  if (files.empty()) return complain("Could Not Find " + join(told.paths, " "));
  for (const std::string& file : files) {
    std::error_code problem;
    fs::remove(file, problem);
    if (problem) return complain(fmt::format("{}: {}", file, problem.message()));
  }
  return 0;
}

int make_folder(const Told& told) {
  for (const std::string& path : told.paths) {
    const auto place = told.files.place(told.folder, path);
    if (!place) return complain(place.error().what);
    std::error_code problem;
    if (fs::exists(*place, problem))
      return complain(fmt::format("A subdirectory or file {} already exists.", path));
    fs::create_directories(*place, problem);
    if (problem) return complain(fmt::format("{}: {}", path, problem.message()));
  }
  return 0;
}

int remove_folder(const Told& told) {
  for (const std::string& path : told.paths) {
    const auto place = told.files.find(told.folder, path);
    if (!place) return complain("The system cannot find the file specified.");
    std::error_code problem;
    if (has(told.options, "/s"))
      fs::remove_all(*place, problem);
    else
      fs::remove(*place, problem);
    if (problem) return complain(fmt::format("{}: {}", path, problem.message()));
  }
  return 0;
}

int rename_file(const Told& told) {
  if (told.paths.size() != 2) return complain("The syntax of the command is incorrect.");
  const auto from = told.files.find(told.folder, told.paths[0]);
  if (!from) return complain("The system cannot find the file specified.");
  std::error_code problem;
  fs::rename(*from, fs::path(*from).parent_path() / told.paths[1], problem);
  return problem ? complain(fmt::format("{}: {}", told.paths[1], problem.message())) : 0;
}

int type_files(const Told& told) {
  const Words files = meant(told, told.paths);
  if (files.empty()) return complain("The system cannot find the file specified.");
  for (const std::string& file : files) std::cout << std::ifstream(file).rdbuf() << std::flush;
  return 0;
}

int list_files(const Told& told) {
  const std::string what = told.paths.empty() ? "." : told.paths.front();
  Words names;
  if (const auto folder = told.files.find(told.folder, what); folder && fs::is_directory(*folder))
    names = list_folder(*folder);
  else
    for (const std::string& file : meant(told, {what})) names.push_back(fs::path(file).filename());
  if (names.empty()) return complain("File Not Found");
  for (const std::string& name : names) fmt::print("{}\n", name);
  return 0;
}

// find "text": lines of files, or of the standard input, that have it. Its text is always in
// quotes, which tells it from the Linux command.
int find_lines(const Told& told) {
  if (told.paths.empty()) return complain("FIND: Parameter format not correct");
  const bool any_case = has(told.options, "/i");
  const bool without = has(told.options, "/v");
  const std::string text = any_case ? batch::lower(told.paths.front()) : told.paths.front();
  size_t found = 0;
  const auto look = [&](std::istream& input) {
    for (std::string line; std::getline(input, line);) {
      const bool here = (any_case ? batch::lower(line) : line).contains(text);
      if (here == without) continue;
      ++found;
      if (!has(told.options, "/c")) fmt::print("{}\n", line);
    }
  };
  if (told.paths.size() == 1) look(std::cin);
  for (const std::string& file : meant(told, Words(told.paths.begin() + 1, told.paths.end()))) {
    std::ifstream input(file);
    look(input);
  }
  if (has(told.options, "/c")) fmt::print("{}\n", found);
  return found > 0 ? 0 : 1;
}

struct Known {
  std::string_view name;
  int (*run)(const Told&);
};
constexpr std::array kCommands{
    Known{"copy", [](const Told& told) { return copy_or_move(told, false); }},
    Known{"move", [](const Told& told) { return copy_or_move(told, true); }},
    Known{"del", remove_files},
    Known{"erase", remove_files},
    Known{"md", make_folder},
    Known{"mkdir", make_folder},
    Known{"rd", remove_folder},
    Known{"rmdir", remove_folder},
    Known{"ren", rename_file},
    Known{"rename", rename_file},
    Known{"type", type_files},
    Known{"dir", list_files},
};

}  // namespace

std::optional<std::function<int()>> find_file_command(const batch::Command& command,
                                                      const std::string& folder,
                                                      const Files& files) {
  int (*run)(const Told&) = nullptr;
  for (const Known& known : kCommands)
    if (batch::same_name(known.name, command.name)) run = known.run;
  if (batch::same_name(command.name, "find") && command.arguments.contains('"')) run = find_lines;
  if (run != nullptr)
    return [run, told = take_options(command, folder, files)] { return run(told); };
  // Within a pipe these two are commands like others.
  if (batch::same_name(command.name, "echo"))
    return [text = std::string(trim(command.arguments))] {
      fmt::print("{}\n", text);
      return 0;
    };
  if (batch::same_name(command.name, "ver"))
    return [] {
      fmt::print("Tasuki\n");
      return 0;
    };
  if (!batch::is_internal(command.name)) return std::nullopt;
  return [name = command.name] { return complain(fmt::format("{} does nothing here", name)); };
}

}  // namespace tasuki::batchrun
