#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/time_text.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

struct Options {
  std::string group;
  bool json = false;
};

Style style_of(const std::string& state) {
  if (state == "problem") return Style::bad;
  return state == "current" ? Style::good : Style::warning;
}

std::string group_of(const Json& file) {
  const Json& active = file.at("follows").at("active");
  const std::string group = file.at("group");
  return active.is_null() ? group : fmt::format("{} on {}", group, active.get<std::string>());
}

std::string kind_of(const Json& file) {
  const std::string kind = file.at("kind");
  return kind == "symlink" ? "link" : kind;
}

std::string print_files(const Json& answer, const Screen& screen) {
  if (answer.at("files").empty())
    return hang(screen, "",
                "no file of this server follows a group; a group's files are named in its "
                "configuration: files = [\"/etc/...\"]");
  std::vector<std::vector<Cell>> rows;
  for (const Json& file : answer.at("files")) {
    const std::string state = file.at("state");
    rows.push_back({{printable(file.at("path").get<std::string>())},
                    {group_of(file)},
                    {kind_of(file)},
                    {state, style_of(state)},
                    {local_time(file.at("since").get<std::string>())},
                    {printable(file.at("problem").get<std::string>())}});
  }
  return print_table(screen, {"FILE", "GROUP", "KIND", "HERE", "SINCE", "PROBLEM"}, rows);
}

void list(Context& context, const Options& options) {
  const std::string query =
      options.group.empty() ? "" : "?group=" + api::percent_encode(options.group);
  const auto answer = context.accept(context.client().get("/v1/files" + query));
  if (!answer) return;
  if (options.json) return context.print_json(*answer);
  context.terminal.print(print_files(*answer, context.terminal.screen()));
}

}  // namespace

void add_files_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand(
      "files",
      "Look at the files that follow groups\n"
      "Files that a group names in its configuration are the same on all of its servers: what is "
      "changed on the one where it is active is written on the others.");
  family.require_subcommand(1);
  auto& verb =
      *family.add_subcommand("list",
                             "List the files that follow groups, and how they are on this server\n"
                             "current: as the others have it; changed: the others are being told; "
                             "outdated: a newer one is "
                             "being written; waiting: nobody knows now which one counts.");
  verb.footer("tasuki files list\ntasuki files list staroffice --json");
  const auto options = std::make_shared<Options>();
  verb.add_option("GROUP", options->group, "only those of this group");
  verb.add_flag("--json", options->json, "as JSON");
  verb.callback([&context, options] { list(context, *options); });
}

}  // namespace tasuki::cli
