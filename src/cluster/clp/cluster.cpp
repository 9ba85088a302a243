// The cluster as a whole, its servers, and who decides when they lose sight of each other.
#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "cluster/clp/parts.hpp"
#include "cluster/config/address.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

using enum NoteKind;

// One of the tags' elements by their `priority`, those without one last, else as in the file.
std::vector<Element*> by_priority(std::vector<Element*> elements) {
  std::vector<std::tuple<int64_t, size_t, Element*>> ranked;
  for (Element* const element : elements) {
    const int64_t priority = whole_number(element->take_text("priority"));
    ranked.emplace_back(priority < 0 ? std::numeric_limits<int64_t>::max() : priority,
                        ranked.size(), element);
  }
  std::ranges::sort(ranked);
  std::ranges::transform(ranked, elements.begin(),
                         [](const auto& rank) { return std::get<Element*>(rank); });
  return elements;
}

// What the servers call the device, when they all call it the same; else "".
std::string common_info(const Import& import, const std::string& id) {
  std::set<std::string> names;
  for (const Server& server : import.servers) {
    const auto device = server.devices.find(id);
    names.insert(device == server.devices.end() ? "" : device->second->take_text("info"));
  }
  return names.size() == 1 ? *names.begin() : "";
}

bool is_address(const std::string& text) {
  return config::parse_address(text).has_value();
}

// Of an even number, a half is no majority.
bool needs_judge(const Import& import) {
  return import.servers.size() % 2 == 0;
}

std::string majority(const Import& import) {
  return fmt::format("the majority of {} servers decides", import.servers.size());
}

void write_heartbeat_timeout(Import& import, Toml& toml) {
  Element* const timeout = import.root.find_path("cluster/heartbeat/timeout");
  if (timeout == nullptr) return;
  timeout->settled = true;
  const int64_t given = whole_number(timeout->text, 1);
  const std::string time = given < 0 || given > int64_t{24} * 3600 * 1000
                               ? shown(timeout->text)
                               : format_duration(Milliseconds(given));
  toml.comment(fmt::format("A lost server is noticed after 600ms. CLUSTERPRO waited {}: {}.", time,
                           origin(*timeout)));
  toml.comment("If that was so long because servers or networks stand still for a while, write");
  toml.comment("[timing] and a longer \"detect\", of at most 60s.");
  import.note(no_equal, *timeout,
              fmt::format("the heartbeat's time of {} is not taken over: Tasuki notices a lost "
                          "server after 600ms",
                          time),
              "write [timing] detect only where servers or networks stand still for longer");
}

// What could be the witness: the lines of its table, ready to be uncommented.
struct Judge {
  const Element* element = nullptr;
  std::string what;
  std::vector<std::string> lines;
};

void write_judge(const Judge& judge, Toml& toml) {
  toml.blank();
  toml.comment(fmt::format("{}: {}.", judge.what, origin(*judge.element)));
  for (const std::string& line : judge.lines) toml.comment(line);
}

// httpnp and witnesshb: a web server outside the cluster.
std::optional<Judge> web_judge(Import& import, Element& element) {
  const std::string host = element.take_text("host");
  const std::string port = element.take_text("port");
  if (host.empty()) return {};
  const std::string what =
      fmt::format("CLUSTERPRO asked the web server {}", port.empty() ? host : host + ":" + port);
  import.settle(no_equal, element, fmt::format("{}, which is not one that Tasuki can ask", what),
                needs_judge(import)
                    ? "run \"tasuki witness serve\" on that machine and write it as the [witness]"
                    : majority(import) + "; take it out");
  return Judge{.element = &element,
               .what = what,
               .lines = {"With \"tasuki witness serve\" on that machine it is Tasuki's witness:",
                         "[witness]", "type = \"http\"",
                         is_address(host) ? fmt::format("address = {}", toml_string(host))
                                          : fmt::format("address = (that of {})", host)}};
}

// disknp and diskhb: part of a shared disk, by its path on Linux and its letter on Windows.
std::optional<Judge> disk_judge(Import& import, Element& element) {
  const std::string device = common_info(import, element.take_text("device"));
  const bool usable = device.starts_with("/dev/");
  import.settle(no_equal, element, "servers met on a part of the shared disk",
                usable && needs_judge(import)
                    ? "prepare it with \"tasuki witness prepare\" and write it as the [witness]"
                    : "a disk that every server reaches can be the [witness] or the [lease]");
  if (!usable) return {};
  return Judge{
      .element = &element,
      .what = fmt::format("CLUSTERPRO's servers met on {}", device),
      .lines = {"Once \"tasuki witness prepare\" has prepared it, it is Tasuki's witness; "
                "better call it by its name in /dev/disk/by-id:",
                "[witness]", "type = \"disk\"", fmt::format("device = {}", toml_string(device))}};
}

// The hosts of every pingnp that are addresses, each once.
std::vector<std::string> ping_hosts(Import& import, const std::vector<Element*>& resolutions) {
  std::vector<std::string> hosts;
  std::set<std::string> known;
  for (Element* const resolution : resolutions)
    for (Element* const group : resolution->find_all("grp"))
      for (Element* const list : group->find_all("list")) {
        Element* const ip = list->take("ip");
        if (ip == nullptr) continue;
        if (!is_address(ip->text))
          import.note(no_equal, *ip, fmt::format("{} is no address", shown(ip->text)),
                      "write a numeric address into [ping]");
        else if (known.insert(ip->text).second)
          hosts.push_back(ip->text);
      }
  return hosts;
}

void write_ping(Import& import, const std::vector<Element*>& resolutions, Toml& toml) {
  const auto hosts = ping_hosts(import, resolutions);
  for (Element* const resolution : resolutions) resolution->settled = true;
  if (resolutions.empty()) return;
  const Element& first = *resolutions.front();
  if (import.servers.size() != 2) {
    import.note(no_equal, first, "no answer of a host decides anything: " + majority(import));
    return;
  }
  if (hosts.empty()) return;
  toml.blank();
  toml.header("[ping]");
  toml.set("hosts", toml_array(hosts), origin(first));
  import.note(taken, first, "its hosts are those of [ping]");
  import.note(
      to_do, first,
      "a ping is a hint to Tasuki, which servers take no right from: two servers decide by a "
      "witness or by switching each other off",
      "add a [witness], or [[node.fence]] to each node");
}

// What each kind of device is for is told where it is used.
void settle_device(Import& import, Element& device, const std::set<std::string>& used) {
  const std::string type = device.take_text("type");
  static const std::set<std::string, std::less<>> kKnown{"lan",  "mdc",  "disk",   "bmc",
                                                         "ping", "http", "disknp", "witness"};
  if (!kKnown.contains(type)) return;
  device.settled = true;
  if (type == "lan" && !used.contains(device.key))
    import.note(no_equal, device, "no heartbeat uses this address",
                "add it to the addresses of every node if it is to be one more link");
  if (type == "ping" && device.take_text("info") != "1")
    import.note(no_equal, device, "this server did not ping; in Tasuki every node does");
}

// The ids of the lan devices in the order in which heartbeats prefer them; without heartbeats, all
// that the first server has.
std::vector<std::string> link_ids(Import& import) {
  std::vector<Element*> heartbeats;
  if (Element* const heartbeat = import.root.find("heartbeat"))
    for (Element& one : heartbeat->children)
      if (one.tag == "lankhb" || one.tag == "lanhb") heartbeats.push_back(&one);
  std::vector<std::string> ids;
  for (Element* const one : by_priority(std::move(heartbeats))) {
    one->settled = true;
    ids.push_back(one->take_text("device"));
  }
  if (ids.empty() && !import.servers.empty())
    for (const auto& [id, device] : import.servers.front().devices)
      if (device->take_text("type") == "lan") ids.push_back(id);
  return ids;
}

void write_fence(Import& import, Element& device, Toml& toml) {
  const std::string address = device.take_text("info");
  toml.header("[[node.fence]]");
  toml.comment(
      "Write the BMC's user, have the script print its password, and take the \"#\" from "
      "the next line.");
  toml.comment("agent = \"fence_ipmilan\"");
  toml.set("options",
           fmt::format("{{ ip = {}, username = \"\", password_script = "
                       "\"/etc/tasuki/ipmi-password\", lanplus = true }}",
                       toml_string(address)),
           origin(device));
  import.note(taken, device,
              fmt::format("the BMC at {} is this server's power switch", shown(address)));
}

void write_node(Import& import, const Server& server, int id, const std::vector<std::string>& links,
                Toml& toml) {
  Element& element = *server.element;
  std::vector<std::string> addresses;
  std::vector<std::string> origins;
  for (const std::string& link : links) {
    const auto device = server.devices.find(link);
    if (device == server.devices.end()) continue;
    Element* const info = device->second->take("info");
    if (info == nullptr) continue;
    if (is_address(info->text)) {
      addresses.push_back(info->text);
      origins.push_back(origin(*device->second));
    } else {
      import.note(no_equal, *info, fmt::format("{} is no address", shown(info->text)),
                  "write the node's numeric address");
    }
  }
  toml.blank();
  write_comment(element, toml);
  toml.header("[[node]]");
  toml.set("name", toml_string(server.node), origin(element));
  toml.set("id", fmt::format("{}", id));
  if (!addresses.empty()) toml.set("addresses", toml_array(addresses), join(origins, ", "));
  element.seen = true;
  import.note(taken, element, fmt::format("it is node {}", server.node));
  import.note_name(element, element.key, server.node);
  const std::set<std::string> used(links.begin(), links.end());
  for (const auto& [key, device] : server.devices) {
    if (device->take_text("type") == "bmc") write_fence(import, *device, toml);
    settle_device(import, *device, used);
  }
}

}  // namespace

void read_servers(Import& import) {
  Names names;
  for (Element* const element : by_priority(import.root.find_all("server"))) {
    Server& server = import.servers.emplace_back(element, names.give(element->key, "server"));
    for (Element* const device : element->find_all("device"))
      server.devices.emplace(device->key, device);
  }
}

Toml write_cluster(Import& import) {
  Toml toml;
  Element& cluster = *import.root.find("cluster");
  write_comment(cluster, toml);
  toml.header("[cluster]");
  if (Element* const name = cluster.take("name")) {
    Names names;
    const std::string given = names.give(name->text, "cluster");
    toml.set("name", toml_string(given), origin(*name));
    import.note(taken, *name, fmt::format("it is cluster {}", given));
    import.note_name(*name, name->text, given);
  }
  write_heartbeat_timeout(import, toml);
  if (Element* const system = import.root.take("all/serveros"); system && system->text == "windows")
    import.note(to_do, *system, "the servers run Windows",
                "install Linux on them or on others, write those addresses, and bring the data "
                "over; batch files run as they are");
  return toml;
}

Toml write_judges(Import& import) {
  Toml toml;
  std::vector<Element*> pings;
  std::vector<std::optional<Judge>> judges;
  const auto look = [&](const char* section, std::string_view tag, auto make) {
    if (Element* const found = import.root.find(section))
      for (Element* const element : found->find_all(tag)) judges.push_back(make(import, *element));
  };
  // A machine outside tells more than a disk that fails together with what is on it.
  look("networkpartition", "httpnp", web_judge);
  look("heartbeat", "witnesshb", web_judge);
  look("networkpartition", "disknp", disk_judge);
  look("heartbeat", "diskhb", disk_judge);
  const auto best =
      std::ranges::find_if(judges, [](const auto& judge) { return judge.has_value(); });
  if (best != judges.end() && needs_judge(import)) write_judge(**best, toml);
  if (Element* const section = import.root.find("networkpartition"))
    write_ping(import, by_priority(section->find_all("pingnp")), toml);
  if (Element* const section = import.root.find("heartbeat"))
    for (Element* const bmc : section->find_all("bmchb")) bmc->settled = true;  // told as a fence
  return toml;
}

Toml write_nodes(Import& import) {
  Toml toml;
  const auto links = link_ids(import);
  int id = 0;
  for (const Server& server : import.servers) write_node(import, server, ++id, links, toml);
  return toml;
}

}  // namespace tasuki::clp
