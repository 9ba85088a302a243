#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/registry_text.hpp"
#include "cluster/cli/verbs.hpp"
#include "cluster/registry/reg_file.hpp"
#include "kit/file.hpp"

namespace tasuki::cli {
namespace {

constexpr unsigned kReadable = 0600;  // exports may hold passwords
// So much of a .reg file goes in one request, which is made wholly or not at all.
constexpr size_t kChunkBytes = size_t{256} * 1024;

struct Options {
  std::string key;
  std::string name;
  std::string type = "string";
  std::vector<std::string> data;
  std::string file;
  bool value_given = false;
  bool all = false;
  bool utf8 = false;
  bool dry_run = false;
  bool json = false;
};

std::string target_of(const Options& options) {
  std::string target = "/v1/registry?key=" + api::percent_encode(options.key);
  if (options.value_given) target += "&value=" + api::percent_encode(options.name);
  return target;
}

void list(Context& context, const Options& options) {
  const std::string target = options.key.empty() ? "/v1/registry" : target_of(options);
  const auto answer = context.accept(context.client().get(target));
  if (!answer) return;
  if (options.json) return context.print_json(*answer);
  const Screen screen = context.terminal.screen();
  context.terminal.print(options.key.empty() ? print_followed_keys(*answer, screen)
                                             : print_key(*answer, screen));
}

void get(Context& context, Options options) {
  options.value_given = true;
  const auto answer = context.accept(context.client().get(target_of(options)));
  if (!answer) return;
  if (options.json) return context.print_json(*answer);
  for (const auto& line : answer->at("data"))
    context.terminal.print(line.get<std::string>() + "\n");
}

void change(Context& context, Json change) {
  const Json body{{"changes", Json::array({std::move(change)})}};
  context.accept(context.client().post("/v1/registry", body));
}

void set(Context& context, const Options& options) {
  change(context, {{"set",
                    {{"key", options.key},
                     {"name", options.name},
                     {"type", options.type},
                     {"data", options.data}}}});
}

void erase(Context& context, const Options& options) {
  if (options.value_given == options.all)
    return context.fail(api::Exit::usage,
                        "say what to delete: the name of a value, or --all for the key with "
                        "everything below it");
  const Json key{{"key", options.key}};
  if (options.all) return change(context, {{"delete_key", key}});
  change(context, {{"delete_value", {{"key", options.key}, {"name", options.name}}}});
}

// What the key and all below it hold, as a tree.
std::optional<std::pair<registry::KeyPath, registry::Tree>> fetch_tree(Context& context,
                                                                       const std::string& key) {
  const auto answer = context.accept(
      context.client().get("/v1/registry?below=yes&key=" + api::percent_encode(key)));
  if (!answer) return std::nullopt;
  const auto top = registry::KeyPath::parse(answer->at("key").get<std::string>());
  if (!top) {
    context.fail(api::Exit::failed, top.error().what);
    return std::nullopt;
  }
  registry::Tree tree;
  tree.apply(registry::CreateKey{*top});
  for (const Json& item : answer->at("items")) {
    const auto path = registry::KeyPath::parse(item.at("key").get<std::string>());
    if (!path) continue;
    if (!item.contains("value")) {
      tree.apply(registry::CreateKey{*path});
      continue;
    }
    const Json& value = item.at("value");
    const auto data = value.at("data").get<std::vector<std::string>>();
    const auto parsed = registry::parse_value(value.at("type").get<std::string>(), data);
    if (!parsed) {
      context.fail(api::Exit::failed, parsed.error().during(path->text()).what);
      return std::nullopt;
    }
    tree.apply(registry::SetValue{{*path, value.at("name")}, *parsed});
  }
  return std::pair(*top, std::move(tree));
}

void export_keys(Context& context, const Options& options) {
  const auto fetched = fetch_tree(context, options.key);
  if (!fetched) return;
  const auto& [top, tree] = *fetched;
  const bool to_file = !options.file.empty();
  const auto encoding =
      options.utf8 || !to_file ? registry::RegEncoding::Utf8 : registry::RegEncoding::Utf16;
  const std::string text = registry::write_reg_file(tree, std::span(&top, 1), encoding);
  if (!to_file) return context.terminal.print(text);
  if (auto written = replace_file_durably(options.file, text, kReadable); !written)
    return context.fail(api::Exit::failed, written.error().what);
  context.terminal.print(fmt::format(
      "{} has the {} of {}\n", options.file,
      tree.key_count() == 1 ? "key" : fmt::format("{} keys", tree.key_count()), top.text()));
}

Json change_json(const registry::Change& change) {
  const auto key = [](const registry::KeyPath& path) { return Json{{"key", path.text()}}; };
  if (const auto* set = std::get_if<registry::SetValue>(&change))
    return {{"set",
             {{"key", set->path.key.text()},
              {"name", set->path.name},
              {"type", registry::type_name(set->value)},
              {"data", registry::to_arguments(set->value)}}}};
  if (const auto* value = std::get_if<registry::DeleteValue>(&change))
    return {{"delete_value", {{"key", value->path.key.text()}, {"name", value->path.name}}}};
  if (const auto* create = std::get_if<registry::CreateKey>(&change))
    return {{"create_key", key(create->key)}};
  return {{"delete_key", key(std::get<registry::DeleteKey>(change).key)}};
}

// As few requests as hold them.
std::vector<Json> requests_of(const std::vector<registry::LineChange>& changes) {
  std::vector<Json> requests;
  size_t bytes = kChunkBytes;
  for (const registry::LineChange& line : changes) {
    Json change = change_json(line.change);
    const size_t more = change.dump().size();
    if (bytes + more > kChunkBytes) {
      requests.push_back({{"changes", Json::array()}});
      bytes = 0;
    }
    bytes += more;
    requests.back()["changes"].push_back(std::move(change));
  }
  return requests;
}

void import_file(Context& context, const Options& options) {
  const auto bytes = read_file(options.file, registry::kRegFileBytesMax);
  if (!bytes) return context.fail(api::Exit::failed, bytes.error().what);
  const auto parsed = registry::read_reg_file(options.file, *bytes);
  for (const Diagnostic& mistake : parsed.mistakes) context.terminal.complain(to_text(mistake));
  if (!parsed.mistakes.empty())
    return context.fail(api::Exit::failed,
                        fmt::format("{} has {}; nothing was changed", options.file,
                                    parsed.mistakes.size() == 1
                                        ? "a mistake"
                                        : fmt::format("{} mistakes", parsed.mistakes.size())));
  const auto requests = requests_of(parsed.changes);
  const auto client = context.client();
  // All of it is looked at first, so that what cannot be is told before anything is changed.
  for (Json request : requests) {
    request["dry_run"] = true;
    if (!context.accept(client.post("/v1/registry", request))) return;
  }
  if (options.dry_run)
    return context.terminal.print(
        fmt::format("{} would make {} changes\n", options.file, parsed.changes.size()));
  size_t made = 0;
  for (const Json& request : requests) {
    if (!context.accept(client.post("/v1/registry", request))) {
      if (made > 0)
        context.terminal.complain(
            fmt::format("{} of {} changes are made; import the file again once that is mended",
                        made, parsed.changes.size()));
      return;
    }
    made += request.at("changes").size();
    if (requests.size() > 1 && context.terminal.interactive())
      context.terminal.complain(fmt::format("{} of {}", made, parsed.changes.size()));
  }
  context.terminal.print(fmt::format("{} changes are made\n", made));
}

void watch(Context& context, const Options& options) {
  const std::string query = options.key.empty() ? "" : "?key=" + api::percent_encode(options.key);
  const auto show = [&](const Json& event) {
    context.terminal.print(options.json
                               ? event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                               : print_registry_event(event));
    return true;
  };
  if (context.accept(context.client().follow("/v1/registry/follow" + query, show)))
    context.fail(api::Exit::unreachable, "tasukid has ended the stream; is it stopping?");
}

struct Added {
  CLI::App& verb;
  std::shared_ptr<Options> options;
};

Added add_verb(CLI::App& family, const std::string& name, const std::string& description,
               const std::string& examples) {
  auto& verb = *family.add_subcommand(name, description);
  verb.footer(examples);
  return {verb, std::make_shared<Options>()};
}

void add_key(const Added& added) {
  added.verb.add_option("KEY", added.options->key, "as HKLM\\SOFTWARE\\NEC or HKLM/SOFTWARE/NEC")
      ->required();
}

void add_json(const Added& added) {
  added.verb.add_flag("--json", added.options->json, "as JSON");
}

template <class Run>
void run(Context& context, const Added& added, Run how) {
  added.verb.callback([&context, options = added.options, how] { how(context, *options); });
}

}  // namespace

void add_registry_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand(
      "registry",
      "Look at and change the keys that settings are kept in\n"
      "Keys that a group names in its configuration follow it: a change on the server where it is "
      "active is done when every standby has it on its disk. Other keys stay on this server.");
  family.require_subcommand(1);

  const auto listing =
      add_verb(family, "list",
               "List a key's values and the keys below it, and who has them\n"
               "Without a key: the keys that follow groups.",
               "tasuki registry list\ntasuki registry list HKLM/SOFTWARE/NEC/StarOffice --json");
  listing.verb.add_option("KEY", listing.options->key, "as HKLM\\SOFTWARE\\NEC");
  add_json(listing);
  run(context, listing, list);

  const auto getting = add_verb(family, "get", "Print a value's data, each string on a line",
                                "tasuki registry get HKLM/SOFTWARE/NEC/StarOffice URLPREFIX");
  add_key(getting);
  getting.verb.add_option("VALUE", getting.options->name,
                          "the value's name; by default the value without a name");
  add_json(getting);
  run(context, getting, get);

  const auto setting =
      add_verb(family, "set",
               "Set a value, and make its key where there is none\n"
               "It comes back when every server that is to have it has it on its disk.",
               "tasuki registry set HKLM/SOFTWARE/NEC/StarOffice URLPREFIX /office\n"
               "tasuki registry set HKLM/SOFTWARE/NEC/StarOffice Port 8080 --type dword\n"
               "tasuki registry set HKLM/SOFTWARE/NEC/StarOffice Hosts sv1 sv2 --type multi");
  add_key(setting);
  setting.verb
      .add_option("VALUE", setting.options->name,
                  "the value's name; \"\" for the value without a name")
      ->required();
  setting.verb.add_option("DATA", setting.options->data, "what it is to be; several for multi");
  setting.verb
      .add_option("--type", setting.options->type,
                  "string (the default), expand, multi, dword, qword, binary or hex(N)")
      ->type_name("TYPE");
  run(context, setting, set);

  const auto deleting = add_verb(family, "delete", "Delete a value, or a key with all below it",
                                 "tasuki registry delete HKLM/SOFTWARE/NEC/StarOffice URLPREFIX\n"
                                 "tasuki registry delete HKLM/SOFTWARE/NEC/StarOffice --all");
  add_key(deleting);
  auto* name = deleting.verb.add_option("VALUE", deleting.options->name, "the value's name");
  deleting.verb.add_flag("--all", deleting.options->all, "the key with everything below it");
  deleting.verb.callback([&context, name, options = deleting.options] {
    options->value_given = name->count() > 0;
    erase(context, *options);
  });

  const auto exporting = add_verb(family, "export",
                                  "Write a key with all below it as a .reg file, as Windows does\n"
                                  "To standard output, in UTF-8, when no file is given.",
                                  "tasuki registry export HKLM/SOFTWARE/NEC staroffice.reg");
  add_key(exporting);
  exporting.verb.add_option("FILE", exporting.options->file, "where; it is replaced");
  exporting.verb.add_flag("--utf8", exporting.options->utf8, "in UTF-8 instead of UTF-16");
  run(context, exporting, export_keys);

  const auto importing = add_verb(
      family, "import",
      "Make the changes that a .reg file says\n"
      "In the form of Windows 5.00 or REGEDIT4, in UTF-16, UTF-8 or code page 932. Every mistake "
      "is told, and then nothing is changed.",
      "tasuki registry import staroffice.reg --dry-run");
  importing.verb.add_option("FILE", importing.options->file, "the file")->required();
  importing.verb.add_flag("--dry-run", importing.options->dry_run, "only say whether it could be");
  run(context, importing, import_file);

  const auto watching = add_verb(family, "watch", "Print every change of a key until Ctrl-C",
                                 "tasuki registry watch HKLM/SOFTWARE/NEC --json");
  watching.verb.add_option("KEY", watching.options->key, "with all below it; by default all keys");
  watching.verb.add_flag("--json", watching.options->json, "one JSON object on each line");
  run(context, watching, watch);
}

}  // namespace tasuki::cli
