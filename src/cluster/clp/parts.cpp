#include "cluster/clp/parts.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace tasuki::clp {

void Import::note(NoteKind kind, const Element& about, std::string what, std::string instead) {
  notes.push_back({kind, path_of(about), about.line, std::move(what), std::move(instead)});
}

void Import::settle(NoteKind kind, Element& about, std::string what, std::string instead) {
  about.settled = true;
  note(kind, about, std::move(what), std::move(instead));
}

void Import::note_name(const Element& about, const std::string& before, const std::string& now) {
  if (before != now)
    note(NoteKind::taken, about, fmt::format("{} is called {} in Tasuki", shown(before), now));
}

const Server* Import::find_server(std::string_view name) const {
  const auto found =
      std::ranges::find_if(servers, [&](const Server& one) { return one.element->key == name; });
  return found == servers.end() ? nullptr : &*found;
}

int64_t whole_number(std::string_view text, int64_t lowest) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && number >= lowest ? number : -1;
}

std::string shown(std::string_view text) {
  constexpr size_t kBytesMaxShown = 120;
  if (text.size() <= kBytesMaxShown) return fmt::format("\"{}\"", text);
  size_t end = kBytesMaxShown;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // inside a character
  return fmt::format("\"{}...\"", text.substr(0, end));
}

void write_comment(Element& element, Toml& toml) {
  if (const std::string text = element.take_text("comment"); !text.empty()) toml.comment(text);
}

}  // namespace tasuki::clp
