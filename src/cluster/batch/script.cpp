#include "cluster/batch/script.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/batch/decode.hpp"
#include "cluster/batch/words.hpp"
#include "kit/diagnostic.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// More labels than people write are not compared with every misspelled one.
constexpr size_t kComparedLabelsMax = 500;

std::vector<Label> find_labels(const std::vector<std::string>& lines) {
  std::vector<Label> labels;
  for (size_t i = 0; i < lines.size(); ++i)
    if (const auto name = label_of_line(lines[i]); name && !name->empty())
      labels.push_back({std::string(*name), i});
  return labels;
}

}  // namespace

const Label* Script::find_label(std::string_view name, size_t from) const {
  const auto named = [name](const Label& label) { return same_name(label.name, name); };
  const auto behind = std::ranges::lower_bound(labels, from, {}, &Label::line);
  auto found = std::find_if(behind, labels.end(), named);
  if (found == labels.end()) found = std::find_if(labels.begin(), behind, named);
  // Without success the second search ends where the first began.
  return found != labels.end() && named(*found) ? &*found : nullptr;
}

std::string_view label_name(std::string_view text) {
  while (!text.empty() && is_delimiter(text.front())) text.remove_prefix(1);
  const auto ends = [](char c) { return is_delimiter(c) || c == ':' || c == '+'; };
  return {text.begin(), std::ranges::find_if(text, ends)};
}

std::optional<std::string_view> label_of_line(std::string_view line) {
  while (!line.empty() && is_delimiter(line.front())) line.remove_prefix(1);
  if (!line.starts_with(':')) return std::nullopt;
  return label_name(line.substr(1));
}

const Label* nearest_label(const Script& script, std::string_view name) {
  if (script.labels.size() > kComparedLabelsMax) return nullptr;
  std::vector<std::string> names;
  for (const Label& label : script.labels) names.push_back(lower(label.name));
  const auto near = nearest_word(lower(name), names);
  return near ? script.find_label(*near, 0) : nullptr;
}

std::string suggest_label(const Script& script, std::string_view name) {
  if (same_name(name, "eof")) return "write goto :EOF to end the script";
  if (const Label* const near = nearest_label(script, name))
    return fmt::format("did you mean \"{}\"?", near->name);
  return fmt::format("write a line \":{}\" where it should be", name);
}

Result<Script> read_script(std::string path, std::string_view bytes) {
  const auto refuse = [&path](size_t line, std::string what, std::string expected) {
    return failure(
        to_text(Diagnostic{path, static_cast<int>(line), std::move(what), std::move(expected)}));
  };
  if (bytes.size() > kFileBytesMax)
    return refuse(1, fmt::format("the file has {} bytes", bytes.size()),
                  fmt::format("a script has at most {}", kFileBytesMax));
  auto decoded = decode(bytes);
  if (!decoded) return refuse(decoded.error().line, decoded.error().what, decoded.error().expected);
  Script script{std::move(path), {}, {}};
  for (const std::string_view line : split(*decoded, '\n')) script.lines.emplace_back(line);
  if (script.lines.back().empty()) script.lines.pop_back();  // what follows the last line's end
  for (size_t i = 0; i < script.lines.size(); ++i)
    if (script.lines[i].size() > kLineBytesMax)
      return failure(
          to_text(Diagnostic{script.path, static_cast<int>(i + 1),
                             fmt::format("the line has {} bytes", script.lines[i].size()),
                             fmt::format("a line has at most {}", kLineBytesMax)}));
  script.labels = find_labels(script.lines);
  return script;
}

}  // namespace tasuki::batch
