// Completion in the shell: the scripts ask `tasuki complete tasuki WORD...`, so they
// never grow old.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cli/names.hpp"
#include "cluster/cli/reference.hpp"

namespace tasuki::cli {

// The names of a kind; none when nobody can tell.
using FindNames = std::function<std::vector<std::string>(Names, const std::string& typed)>;

struct Completion {
  std::vector<std::string> words;  // that begin like the last word
  bool files = false;              // the shell may offer files as well
};

// What can stand where the last of the words stands; `words` are those after "tasuki".
Completion complete(const Command& root, const std::vector<std::string>& words,
                    const FindNames& find_names);

// "bash", "zsh" and "fish".
const std::vector<std::string>& known_shells();
std::string_view completion_script(std::string_view shell);

}  // namespace tasuki::cli
