#include "cluster/batch/edit.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

// Where each character begins, and the end.
std::vector<size_t> character_starts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) starts.push_back(i);
  starts.push_back(text.size());
  return starts;
}

// The number in front of `text`, which it is taken from. Nothing before a comma or the end counts
// as `missing`; what is no number is none.
std::optional<long> take_number(std::string_view& text, long missing) {
  if (text.empty() || text.front() == ',') return missing;
  long number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

// Where `wanted` is, whatever its case.
size_t find_ignoring_case(std::string_view text, std::string_view wanted, size_t from) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
                                 wanted.begin(), wanted.end(), same);
  return found == text.end() ? std::string_view::npos : static_cast<size_t>(found - text.begin());
}

}  // namespace

std::optional<std::string> cut(std::string_view value, std::string_view edit) {
  if (!edit.starts_with('~')) return std::nullopt;
  edit.remove_prefix(1);
  const auto starts = character_starts(value);
  const long size = static_cast<long>(starts.size()) - 1;
  const auto start = take_number(edit, 0);
  if (!start) return std::nullopt;
  std::optional<long> length = size;
  if (edit.starts_with(',')) {
    edit.remove_prefix(1);
    length = take_number(edit, size);
  }
  if (!length || !edit.empty()) return std::nullopt;
  const long first = std::clamp(*start < 0 ? size + std::max(*start, -size) : *start, 0L, size);
  const long last = *length < 0 ? size + std::max(*length, -size) : first + std::min(*length, size);
  if (last <= first) return "";
  const size_t begin = starts[static_cast<size_t>(first)];
  const size_t end = starts[static_cast<size_t>(std::min(last, size))];
  return std::string(value.substr(begin, end - begin));
}

std::string replace(std::string_view value, std::string_view search, std::string_view replacement) {
  const bool from_start = search.starts_with('*') && search.size() > 1;
  if (from_start) search.remove_prefix(1);
  std::string replaced;
  size_t done = 0;
  for (;;) {
    const size_t found =
        search.empty() ? std::string_view::npos : find_ignoring_case(value, search, done);
    if (found == std::string_view::npos) break;
    if (!from_start) replaced += value.substr(done, found - done);
    replaced += replacement;
    done = found + search.size();
    if (from_start) break;
  }
  replaced += value.substr(done);
  return replaced;
}

std::string pick_path_parts(std::string_view value, std::string_view letters,
                            std::string_view folder) {
  const std::string_view bare = unquoted(value);
  const auto wants = [letters](char letter) {
    return std::ranges::any_of(letters, [letter](char c) { return lower(c) == letter; });
  };
  if (letters.empty() || bare.empty()) return std::string(bare);
  const PathParts parts = split_path(join_path(folder, bare));
  const bool all = wants('f');
  std::string picked;
  if (all || wants('d')) picked += parts.drive;
  if (all || wants('p')) picked += parts.folder;
  if (all || wants('n')) picked += parts.name;
  if (all || wants('x')) picked += parts.extension;
  // Short names do not exist here, so %~s1 is the whole path.
  if (picked.empty() && wants('s'))
    return parts.drive + parts.folder + parts.name + parts.extension;
  return picked;
}

}  // namespace tasuki::batch
