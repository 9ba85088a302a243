// The parts of an import. Each takes from the clp.conf what it knows, marks it, and notes what came
// of it; whatever is left in the end is told of as having no equal.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/clp/document.hpp"
#include "cluster/clp/note.hpp"
#include "cluster/clp/toml.hpp"

namespace tasuki::clp {

struct Server {
  Element* element = nullptr;
  std::string node;                         // its name in Tasuki
  std::map<std::string, Element*> devices;  // by id
};

struct Import {
  Element& root;
  std::vector<Server> servers;  // by priority
  std::vector<Note> notes;

  void note(NoteKind kind, const Element& about, std::string what, std::string instead = "");
  // Notes and settles it.
  void settle(NoteKind kind, Element& about, std::string what, std::string instead = "");
  // What came of a thing that is called otherwise in Tasuki.
  void note_name(const Element& about, const std::string& before, const std::string& now);
  // The node of a server; nullptr when there is no such server.
  [[nodiscard]] const Server* find_server(std::string_view name) const;
};

// The text as a whole number from `lowest` on; -1 when it is none.
int64_t whole_number(std::string_view text, int64_t lowest = 0);

// A text from the file for a message: with quotes, and cut when it is long.
std::string shown(std::string_view text);

// What somebody wrote about the element in the Cluster WebUI, as comments of the configuration.
void write_comment(Element& element, Toml& toml);

// The servers by priority, with their names in Tasuki.
void read_servers(Import& import);

// [cluster], what decides between two halves, and the nodes.
Toml write_cluster(Import& import);
Toml write_judges(Import& import);
Toml write_nodes(Import& import);

// Services and groups.
Toml write_groups(Import& import);

// Notes everything that nobody took.
void note_leftovers(Import& import);

}  // namespace tasuki::clp
