#include "cluster/batch/expand.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/batch/edit.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kPathLetters = "fdpnxsatz";
// Attributes, time and size: these are the file's, and nothing here looks at files.
constexpr std::string_view kFileLetters = "atz";

bool is_path_letter(char c) {
  return kPathLetters.contains(lower(c));
}

bool is_dynamic_with_moment(std::string_view name) {
  return same_name(name, "DATE") || same_name(name, "TIME") || same_name(name, "RANDOM");
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

// "~dp" in front of what they are about: how long they are, the tilde included. 0 when `ends` takes
// none of the characters behind. The longest one counts: in %~nxf the f may be the variable.
template <class Ends>
size_t path_letters(std::string_view text, Ends ends) {
  if (!text.starts_with('~')) return 0;
  size_t longest = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (ends(text[i])) longest = i;
    if (!is_path_letter(text[i])) break;
  }
  return longest;
}

// Nothing in their place would let a script go on with an empty time or size.
void refuse_file_letters(Expansion& expansion, std::string_view letters, std::string_view written) {
  const auto about_file = [](char c) { return kFileLetters.contains(lower(c)); };
  if (expansion.fault || std::ranges::none_of(letters, about_file)) return;
  expansion.fault = fmt::format(
      "{} asks for the attributes (a), time (t) or size (z) of a file, which Tasuki does not know",
      written);
  expansion.advice = "have a program write it to a file, and read that with set /p or for /f";
}

// %0 is the script's own path for the parts of a path, also behind a called label.
std::string argument_path(const Arguments& arguments, size_t number, std::string_view letters,
                          std::string_view folder) {
  const bool script = number == 0 && !arguments.zero_shifted && !letters.empty();
  return pick_path_parts(script ? std::string_view(arguments.script_path) : arguments.value(number),
                         letters, folder);
}

// One pass over a text whose variables stand between two marks.
class VariableScan {
 public:
  VariableScan(std::string_view text, char mark, const Scope& scope)
      : text_(text), mark_(mark), scope_(scope) {}

  // The mark at `position` and what belongs to it. Returns where to go on.
  size_t variable(size_t position) {
    size_t end = text_.find_first_of(mark_ == '%' ? "%:" : "!:", position + 1);
    if (end == std::string_view::npos) return position + 1;
    if (text_[end] == ':' && text_.substr(end + 1).starts_with(mark_)) ++end;
    const std::string_view name = text_.substr(position + 1, end - position - 1);
    const auto value = find_value(name, scope_);
    if (!value && !scope_.moment && is_dynamic_with_moment(name)) result.needs_moment = true;
    if (text_[end] == mark_) {
      result.text += value.value_or("");
      return end + 1;
    }
    // cmd.exe takes away "%X:" of an undefined variable and leaves the rest of the edit as text.
    if (!value) return end + 1;
    return edited(*value, position, end + 1);
  }

  Expansion result;

 private:
  // The edit at `begin` of a variable whose mark is at `position`.
  size_t edited(const std::string& value, size_t position, size_t begin) {
    const std::string_view rest = text_.substr(begin);
    if (rest.starts_with('~')) {
      const size_t close = rest.find(mark_);
      const auto part =
          close == std::string_view::npos ? std::nullopt : cut(value, rest.substr(0, close));
      if (!part) return position + 1;
      result.text += *part;
      return begin + close + 1;
    }
    if (rest.starts_with('=') || rest.starts_with("*=")) {
      result.fault = fmt::format("the replacement in {}{} has nothing to search for",
                                 text_.substr(position, begin - position), rest);
      return text_.size();
    }
    const size_t equals = rest.find('=');
    const size_t close = equals == std::string_view::npos ? equals : rest.find(mark_, equals);
    if (close == std::string_view::npos) return position + 1;
    result.text +=
        replace(value, rest.substr(0, equals), rest.substr(equals + 1, close - equals - 1));
    return begin + close + 1;
  }

  std::string_view text_;
  char mark_;
  const Scope& scope_;
};

}  // namespace

std::string_view Arguments::value(size_t number) const {
  return number < values.size() ? std::string_view(values[number]) : std::string_view{};
}

std::optional<std::string> find_value(std::string_view name, const Scope& scope) {
  if (const std::string* const value = scope.environment.find(name)) return *value;
  if (same_name(name, "ERRORLEVEL")) return std::to_string(scope.errorlevel);
  if (same_name(name, "CD")) return std::string(scope.folder);
  if (same_name(name, "CMDEXTVERSION")) return "2";
  if (!scope.moment) return std::nullopt;
  if (same_name(name, "DATE")) return scope.moment->date;
  if (same_name(name, "TIME")) return scope.moment->time;
  if (same_name(name, "RANDOM")) return scope.moment->random;
  return std::nullopt;
}

Expansion expand_percents(std::string_view line, const Scope& scope) {
  VariableScan scan(line, '%', scope);
  std::string& out = scan.result.text;
  size_t i = 0;
  while (i < line.size() && !scan.result.fault) {
    if (line[i] != '%') {
      out += line[i++];
      continue;
    }
    const std::string_view rest = line.substr(i + 1);
    const char next = rest.empty() ? '\0' : rest.front();
    if (next == '%') {
      out += '%';
      i += 2;
    } else if (next == '*') {
      out += scope.arguments.all;
      i += 2;
    } else if (is_digit(next)) {
      out += scope.arguments.value(static_cast<size_t>(next - '0'));
      i += 2;
    } else if (const size_t letters = path_letters(rest, is_digit)) {
      out += argument_path(scope.arguments, static_cast<size_t>(rest[letters] - '0'),
                           rest.substr(1, letters - 1), scope.folder);
      refuse_file_letters(scan.result, rest.substr(1, letters - 1), line.substr(i, letters + 2));
      i += letters + 2;
    } else if (next == '~') {
      scan.result.fault = fmt::format("%{} is no part of an argument's path", rest.substr(0, 8));
    } else {
      i = scan.variable(i);
    }
  }
  return std::move(scan.result);
}

Expansion expand_loop_variables(std::string_view text, const LoopVariables& loops,
                                std::string_view folder) {
  if (loops.empty()) return {.text = std::string(text), .needs_moment = false, .fault = {}};
  const auto is_variable = [&loops](char c) { return loops.contains(c); };
  Expansion expansion;
  std::string& out = expansion.text;
  size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i + 1);
    if (text[i] == '%' && !rest.empty() && is_variable(rest.front())) {
      out += loops.at(rest.front());
      i += 2;
    } else if (const size_t letters = text[i] == '%' ? path_letters(rest, is_variable) : 0) {
      out += pick_path_parts(loops.at(rest[letters]), rest.substr(1, letters - 1), folder);
      refuse_file_letters(expansion, rest.substr(1, letters - 1), text.substr(i, letters + 2));
      i += letters + 2;
    } else {
      out += text[i++];
    }
  }
  return expansion;
}

Expansion expand_exclamations(std::string_view text, const Scope& scope) {
  // cmd.exe only looks at carets here when there is an exclamation mark.
  if (!text.contains('!')) return {.text = std::string(text), .needs_moment = false, .fault = {}};
  VariableScan scan(text, '!', scope);
  size_t i = 0;
  while (i < text.size() && !scan.result.fault) {
    if (text[i] == '!') {
      i = scan.variable(i);
    } else {
      if (text[i] == '^' && i + 1 < text.size()) ++i;
      scan.result.text += text[i++];
    }
  }
  return std::move(scan.result);
}

Expansion keep_percents(std::string_view line) {
  Expansion kept;
  std::string& out = kept.text;
  size_t i = 0;
  while (i < line.size()) {
    const std::string_view rest = line.substr(i + 1);
    const size_t end = rest.find('%');
    if (line[i] != '%') {
      out += line[i++];
    } else if (rest.starts_with('%')) {
      // Which letters are loops' variables is not known here.
      const std::string_view behind = rest.substr(1);
      if (const size_t letters = path_letters(behind, is_letter))
        refuse_file_letters(kept, behind.substr(1, letters - 1), line.substr(i, letters + 3));
      out += '%';
      i += 2;
    } else if (rest.starts_with('*') || rest.starts_with('~') ||
               (!rest.empty() && is_digit(rest.front()))) {
      if (const size_t letters = path_letters(rest, is_digit))
        refuse_file_letters(kept, rest.substr(1, letters - 1), line.substr(i, letters + 2));
      out += '%';
      ++i;
    } else if (end == std::string_view::npos) {
      ++i;
    } else {
      const std::string_view name = rest.substr(0, std::min(rest.find(':'), end));
      std::string word(name);
      std::ranges::replace_if(word, is_delimiter, '_');
      out += fmt::format("%{}%", word);
      i += end + 2;
    }
  }
  return kept;
}

}  // namespace tasuki::batch
