#include "cluster/batch/effect.hpp"

#include <fmt/format.h>

#include "cluster/batch/words.hpp"
#include "kit/diagnostic.hpp"

namespace tasuki::batch {

std::vector<std::string> Command::words() const {
  std::vector<std::string> words = split_by_blanks(arguments);
  for (std::string& word : words) word = without_quotes(word);
  return words;
}

std::string to_text(const Failed& failed) {
  const Fault& fault = failed.fault;
  const std::string told =
      tasuki::to_text(Diagnostic{failed.file, fault.line, fault.what, fault.expected});
  return fault.text.empty() ? told : fmt::format("{}, in: {}", told, fault.text);
}

}  // namespace tasuki::batch
