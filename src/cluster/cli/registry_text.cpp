#include "cluster/cli/registry_text.hpp"

#include <vector>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

std::string shown_name(const std::string& name) {
  return name.empty() ? "(default)" : printable(name);
}

std::string text_of(const Json& value) {
  return printable(value.at("text").get<std::string>());
}

// "active on sv1; sv2 has every value" or "no server has it now; sv2 lacks some"
std::string standing(const Json& follows) {
  const Json& active = follows.at("active");
  std::string text = active.is_null() ? "active nowhere" : "active on " + active.get<std::string>();
  std::vector<std::string> have;
  std::vector<std::string> lack;
  for (const Json& node : follows.at("nodes"))
    (node.at("has_all").get<bool>() ? have : lack).push_back(node.at("name"));
  if (lack.empty()) return text + "; every server of it has the newest values";
  return text + "; " + join(lack, " and ") +
         (lack.size() == 1 ? " lacks newer values" : " lack newer values");
}

}  // namespace

std::string print_key(const Json& key, const Screen& screen) {
  std::string text =
      paint(screen, Style::heading, printable(key.at("key").get<std::string>())) + "\n";
  const Json& follows = key.at("follows");
  text += hang(screen, "  ",
               follows.is_null()
                   ? "follows no group: it is this server's own"
                   : fmt::format("follows group {}, {}", follows.at("group").get<std::string>(),
                                 standing(follows)));
  if (!key.at("values").empty()) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& value : key.at("values"))
      rows.push_back({{shown_name(value.at("name"))}, {value.at("type")}, {text_of(value)}});
    text += "\n" + print_table(screen, {"VALUE", "TYPE", "DATA"}, rows);
  }
  if (!key.at("keys").empty()) {
    text += "\n" + paint(screen, Style::heading, "KEYS BELOW") + "\n";
    for (const Json& name : key.at("keys")) text += printable(name.get<std::string>()) + "\n";
  }
  return text;
}

std::string print_followed_keys(const Json& answer, const Screen& screen) {
  if (answer.at("followed").empty())
    return hang(screen, "",
                "no key follows a group; a group's keys are named in its configuration: registry = "
                "[ 'HKLM\\SOFTWARE\\...' ]");
  std::vector<std::vector<Cell>> rows;
  for (const Json& key : answer.at("followed"))
    rows.push_back({{printable(key.at("key").get<std::string>())},
                    {key.at("follows").at("group")},
                    {standing(key.at("follows"))}});
  return print_table(screen, {"KEY", "GROUP", "STANDING"}, rows);
}

std::string print_registry_event(const Json& event) {
  const std::string key = printable(event.at("key").get<std::string>());
  const std::string what = event.at("what");
  if (what == "set")
    return fmt::format("set {} {} = {}\n", key, shown_name(event.at("name")),
                       text_of(event.at("value")));
  if (what == "delete_value")
    return fmt::format("deleted {} {}\n", key, shown_name(event.at("name")));
  return fmt::format("{} {}\n", what == "create_key" ? "created" : "deleted", key);
}

}  // namespace tasuki::cli
