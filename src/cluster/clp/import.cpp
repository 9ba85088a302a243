#include "cluster/clp/import.hpp"

#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "cluster/clp/parts.hpp"
#include "cluster/config/parse.hpp"
#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

constexpr size_t kServersMax = 32;  // config's own

std::unexpected<Unreadable> no_clp_conf(const Element& element, std::string what) {
  return std::unexpected(
      Unreadable{element.line, std::move(what), "give the clp.conf of a whole cluster"});
}

std::string write_all(Import& import) {
  Toml toml;
  toml.comment(
      "Made from a clp.conf by \"tasuki import clp\". Behind a setting stands the element");
  toml.comment("that it came from, and its line there.");
  toml.blank();
  read_servers(import);
  toml.append(write_cluster(import));
  toml.append(write_judges(import));
  toml.append(write_nodes(import));
  toml.append(write_groups(import));
  note_leftovers(import);
  return toml.text();
}

// Says in the text what the check of a configuration finds in it, and notes it.
void fill_in(Imported& imported) {
  const auto outcome = config::parse_config(imported.toml, "");
  imported.complete = outcome.config.has_value();
  std::string text;
  int line = 0;
  int added = 0;
  auto mistake = outcome.mistakes.begin();
  auto warning = outcome.warnings.begin();
  const auto lines = split(imported.toml, '\n');
  for (const std::string_view before : lines) {
    ++line;
    const auto first = mistake;
    for (; mistake != outcome.mistakes.end() && mistake->line == line; ++mistake, ++added)
      text += fmt::format("# FILL IN: {}; {}\n", mistake->what, mistake->expected);
    for (auto found = first; found != mistake; ++found)
      imported.notes.push_back({.kind = NoteKind::to_fill_in,
                                .path = "",
                                .what = found->what,
                                .instead = found->expected,
                                .toml_line = line + added});
    for (; warning != outcome.warnings.end() && warning->line == line; ++warning)
      imported.notes.push_back({.kind = NoteKind::to_do,
                                .path = "",
                                .what = warning->what,
                                .instead = warning->expected,
                                .toml_line = line + added});
    text += before;
    if (&before != &lines.back()) text += '\n';
  }
  imported.toml = std::move(text);
}

// By kind, then by line, else in the order in which they came.
void sort_notes(std::vector<Note>& notes) {
  std::multimap<std::tuple<NoteKind, int, int>, Note> sorted;
  for (Note& note : notes)
    sorted.emplace(std::tuple(note.kind, note.line, note.toml_line), std::move(note));
  notes.clear();
  for (auto& [place, note] : sorted) notes.push_back(std::move(note));
}

}  // namespace

std::expected<Imported, Unreadable> import_clp(std::string_view bytes) {
  const auto root = parse_document(bytes);
  if (!root) return std::unexpected(root.error());
  Element& top = **root;
  if (top.tag != "root")
    return no_clp_conf(top, fmt::format("this is XML, but no clp.conf: its root is <{}>", top.tag));
  for (const char* tag : {"cluster", "server"})
    if (top.find(tag) == nullptr)
      return no_clp_conf(top, fmt::format("there is no <{}> below <root>", tag));
  if (top.find_all("server").size() > kServersMax)
    return no_clp_conf(top, fmt::format("there are more than {} servers", kServersMax));
  Import import{.root = top, .servers = {}, .notes = {}};
  Imported imported{.toml = write_all(import), .notes = std::move(import.notes)};
  fill_in(imported);
  sort_notes(imported.notes);
  return imported;
}

}  // namespace tasuki::clp
