#include "cluster/cli/completion.hpp"

#include <algorithm>
#include <iterator>

namespace tasuki::cli {
namespace {

const Argument* find_option(const Command& command, const Command& root, const std::string& word) {
  for (const Command* const where : {&command, &root})
    for (const auto& argument : where->arguments)
      if (!argument.positional && (argument.name == word || argument.letter == word))
        return &argument;
  return nullptr;
}

// Where the words before the last one lead.
struct Position {
  const Command* command;
  const Argument* open_option = nullptr;  // its value is the last word
  size_t positionals = 0;                 // given already
};

Position find_position(const Command& root, const std::vector<std::string>& words) {
  Position position{&root};
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (position.open_option) {
      position.open_option = nullptr;
      continue;
    }
    if (word.starts_with('-')) {
      const Argument* const option = find_option(*position.command, root, word);
      if (option && !option->value.empty() && !option->value_optional)
        position.open_option = option;
      continue;
    }
    const auto below = std::ranges::find(position.command->commands, word, &Command::name);
    if (below != position.command->commands.end())
      position.command = &*below;
    else
      ++position.positionals;
  }
  return position;
}

void offer_values(const std::string& kind, const std::string& typed, const FindNames& find_names,
                  Completion& completion) {
  if (kind == "GROUP") completion.words = find_names(Names::groups, typed);
  if (kind == "NODE") completion.words = find_names(Names::nodes, typed);
  if (kind == "SUBJECT") {
    completion.words = find_names(Names::groups, typed);
    std::ranges::copy(find_names(Names::nodes, typed), std::back_inserter(completion.words));
  }
  if (kind == "HOST" || kind == "OTHER") completion.words = find_names(Names::hosts, typed);
  if (kind == "KEY") completion.words = find_names(Names::keys, typed);
  if (kind == "SHELL") completion.words = known_shells();
  completion.files = kind.starts_with("FILE") || kind == "PATH" || kind == "DIR";
}

void offer_options(const Command& command, const Command& root, Completion& completion) {
  for (const auto& argument : command.arguments)
    if (!argument.positional) completion.words.push_back(argument.name);
  if (&command == &root) return;
  for (const auto& argument : root.arguments)
    if (argument.name != "--help") completion.words.push_back(argument.name);
}

// Each asks with the words up to the cursor; a last line ":files" lets the shell offer files.
constexpr std::string_view kBash = R"(# bash completion for tasuki
_tasuki() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default; else COMPREPLY+=("$line"); fi
  done < <(tasuki complete "${COMP_WORDS[@]:0:COMP_CWORD + 1}" 2>/dev/null)
}
complete -F _tasuki tasuki
)";

constexpr std::string_view kZsh = R"(#compdef tasuki
_tasuki() {
  local -a found=("${(@f)$(tasuki complete "${(@)words[1,CURRENT]}" 2>/dev/null)}")
  local -a offered=("${(@)found:#:files}")
  compadd -- "${(@)offered:#}"
  (( ${found[(Ie):files]} )) && _files
}
if [[ $funcstack[1] == _tasuki ]]; then _tasuki "$@"; else compdef _tasuki tasuki; fi
)";

constexpr std::string_view kFish = R"(# fish completion for tasuki
function __tasuki_complete
  set -l last (commandline -ct)
  set -l words (commandline -opc) "$last"
  for line in (tasuki complete $words 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path "$last"
    else
      echo $line
    end
  end
end
complete -c tasuki -f -a '(__tasuki_complete)'
)";

}  // namespace

Completion complete(const Command& root, const std::vector<std::string>& words,
                    const FindNames& find_names) {
  // What can be asked about are commands, as they stand without it.
  if (words.size() > 1 && words.front() == "help")
    return complete(root, {words.begin() + 1, words.end()},
                    [](Names, const std::string&) { return std::vector<std::string>(); });
  const std::string last = words.empty() ? "" : words.back();
  const Position position = find_position(root, words);
  const Command& command = *position.command;
  Completion completion;
  if (position.open_option) {
    offer_values(position.open_option->value, last, find_names, completion);
  } else if (last.starts_with('-')) {
    offer_options(command, root, completion);
  } else if (!command.commands.empty()) {
    for (const auto& below : command.commands) completion.words.push_back(below.name());
  } else if (position.positionals < command.arguments.size() &&
             command.arguments[position.positionals].positional) {
    offer_values(command.arguments[position.positionals].name, last, find_names, completion);
  }
  std::erase_if(completion.words, [&](const auto& word) { return !word.starts_with(last); });
  return completion;
}

const std::vector<std::string>& known_shells() {
  static const std::vector<std::string> shells{"bash", "zsh", "fish"};
  return shells;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  return shell == "zsh" ? kZsh : kFish;
}

}  // namespace tasuki::cli
