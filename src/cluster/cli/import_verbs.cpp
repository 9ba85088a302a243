// Configurations made from those of other products.
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/verbs.hpp"
#include "cluster/clp/import.hpp"
#include "kit/diagnostic.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

struct ImportOptions {
  std::string file;
  std::string out;
  bool json = false;
};

struct Kind {
  clp::NoteKind kind;
  std::string_view word;  // in JSON
  std::string_view heading;
};

constexpr auto kKinds = std::to_array<Kind>({
    {clp::NoteKind::taken, "taken", "Taken over, or done by Tasuki itself:"},
    {clp::NoteKind::no_equal, "no_equal", "Without an equal in Tasuki:"},
    {clp::NoteKind::to_do, "to_do", "To be done besides:"},
    {clp::NoteKind::to_fill_in, "to_fill_in", "To be filled in before config check accepts it:"},
});

Json note_as_json(const clp::Note& note) {
  const auto number = [](int line) { return line > 0 ? Json(line) : Json(nullptr); };
  const auto words = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return {{"kind", kKinds.at(static_cast<size_t>(note.kind)).word},
          {"path", words(note.path)},
          {"line", number(note.line)},
          {"what", note.what},
          {"instead", words(note.instead)},
          {"toml_line", number(note.toml_line)}};
}

std::string note_as_text(const clp::Note& note, const ImportOptions& options) {
  const bool of_toml = note.line == 0;
  const std::string& file = of_toml ? options.out : options.file;
  std::string text = of_toml && file.empty()
                         ? fmt::format("line {}: ", note.toml_line)
                         : fmt::format("{}:{}: ", file, of_toml ? note.toml_line : note.line);
  if (!note.path.empty()) text += note.path + ": ";
  text += note.what;
  return note.instead.empty() ? text : text + "; " + note.instead;
}

// What is to be told, line by line.
std::vector<std::string> notes_as_lines(const clp::Imported& imported,
                                        const ImportOptions& options) {
  std::vector<std::string> lines;
  for (const auto& [kind, word, heading] : kKinds) {
    bool first = true;
    for (const clp::Note& note : imported.notes) {
      if (note.kind != kind) continue;
      if (first && !lines.empty()) lines.emplace_back();
      if (first) lines.emplace_back(heading);
      first = false;
      lines.push_back("  " + note_as_text(note, options));
    }
  }
  return lines;
}

// False when it was not written, which has been told.
bool write_out(Context& context, const ImportOptions& options, const std::string& toml) {
  const auto made = create_private_file(options.out, toml);
  if (made) return true;
  context.fail(api::Exit::failed,
               made.error().code == EEXIST
                   ? options.out +
                         " is there already and is kept; remove it, or name another with "
                         "--out"
                   : made.error().what);
  return false;
}

void print_as_json(Context& context, const ImportOptions& options, const clp::Imported& imported) {
  Json notes = Json::array();
  for (const clp::Note& note : imported.notes) notes.push_back(note_as_json(note));
  context.print_json({{"file", options.file},
                      {"out", options.out.empty() ? Json(nullptr) : Json(options.out)},
                      {"complete", imported.complete},
                      {"toml", imported.toml},
                      {"notes", notes}});
}

void import_clp(Context& context, const ImportOptions& options) {
  const auto bytes = read_file(options.file, clp::kBytesMax);
  if (!bytes) return context.fail(api::Exit::failed, bytes.error().what);
  const auto imported = clp::import_clp(*bytes);
  if (!imported) {
    const clp::Unreadable& problem = imported.error();
    return context.fail(api::Exit::failed, to_text(Diagnostic{options.file, problem.line,
                                                              problem.what, problem.expected}));
  }
  if (!options.out.empty() && !write_out(context, options, imported->toml)) return;
  if (!imported->complete) context.exit = api::Exit::incomplete;
  if (options.json) return print_as_json(context, options, *imported);
  const std::string notes = join(notes_as_lines(*imported, options), "\n");
  if (!options.out.empty()) return context.terminal.print(notes + "\n");
  context.terminal.print(imported->toml);
  context.terminal.complain(fmt::format("what came of {}:\n{}", options.file, notes));
}

}  // namespace

void add_import_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("import", "Make a configuration from another product's");
  family.require_subcommand(1);
  auto& verb = *family.add_subcommand(
      "clp",
      "Turn a clp.conf of CLUSTERPRO X or EXPRESSCLUSTER X into a configuration\n"
      "The configuration goes to standard output, or to the file that --out names, and says behind "
      "each setting where it came from. Then it is told what was taken over, what has no equal, "
      "and what is left to do. Needs no cluster and changes none. Ends with 7 when something must "
      "be filled in first: the configuration has a line with FILL IN there, and is refused until "
      "then.");
  verb.footer("tasuki import clp clp.conf --out cluster.toml");
  const auto options = std::make_shared<ImportOptions>();
  verb.add_option("FILE", options->file, "the clp.conf")->required();
  verb.add_option("--out", options->out, "where to write it; a file that is there already is kept")
      ->type_name("FILE");
  verb.add_flag("--json", options->json, "the configuration and the notes as JSON");
  verb.callback([&context, options] { import_clp(context, *options); });
}

}  // namespace tasuki::cli
