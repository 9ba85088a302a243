// Groups with their resources, and the services that they run.
#include <algorithm>
#include <limits>
#include <map>
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

constexpr const char* kScriptFolder = "/etc/tasuki/scripts";

// A resource of a group. `name` is what `after` may name it by; empty when nothing came of it.
struct Member {
  Element* element = nullptr;
  std::string name;
};

struct Group {
  Element* element = nullptr;
  std::vector<Member> members;               // in the order of the file
  std::map<std::string, std::string> names;  // of the members in Tasuki, by those in the clp.conf
};

struct Scripts {
  std::string start;
  std::string stop;
};

bool is_one_of(std::string_view tag, std::initializer_list<std::string_view> tags) {
  return std::ranges::find(tags, tag) != tags.end();
}

bool is_script(const Element& resource) {
  return is_one_of(resource.tag, {"exec", "script"});
}

bool is_service(const Element& resource) {
  return is_one_of(resource.tag, {"service", "appli"});
}

// A disk type that Tasuki cannot mount, as "raw", or "".
std::string unmountable_type(Element& disk) {
  const std::string type = disk.take_text("parameters/disktype");
  return is_one_of(type, {"", "disk", "lvm"}) ? "" : type;
}

bool is_partition(Element& resource) {
  return is_one_of(resource.tag, {"md", "hd", "sd"}) ||
         (resource.tag == "disk" && unmountable_type(resource).empty());
}

// What came of a resource; "" when nothing does.
std::string stem_of(Element& resource) {
  if (is_partition(resource)) return "partition";
  if (resource.tag == "fip") return "floating-ip";
  if (is_service(resource)) return "service";
  return is_script(resource) ? "scripts" : "";
}

// The keys that a registry synchronisation kept the same on all servers. Where they stand below it
// is not public, so that whatever text has their form is one.
std::vector<std::string> registry_keys(const Element& resource) {
  std::vector<std::string> keys;
  const auto is_key = [](std::string_view text) {
    return text.starts_with("HKEY_") || text.starts_with("HKLM\\") || text.starts_with("HKCU\\");
  };
  if (is_key(resource.text)) keys.push_back(resource.text);
  if (is_key(resource.key)) keys.push_back(resource.key);
  for (const Element& child : resource.children)
    for (std::string& key : registry_keys(child)) keys.push_back(std::move(key));
  return keys;
}

class GroupWriter {
 public:
  explicit GroupWriter(Import& import) : import_(import) {
    for (Element* const section : import.root.find_all("resource"))
      for (Element& resource : section->children)
        resources_.emplace(resource.tag + "@" + resource.key, &resource);
    find_restarts();
  }

  void write() {
    for (Element* const group : import_.root.find_all("group"))
      if (is_failover_group(*group)) write_group(*group);
    for (const auto& [name, resource] : resources_)
      if (resource->tag != "types" && !used_.contains(resource))
        import_.settle(no_equal, *resource, "no group that is taken over has this resource");
  }

  [[nodiscard]] Toml result() const {
    Toml all = services_;
    all.append(groups_);
    return all;
  }

 private:
  // How often a monitor had a resource started again in place before its group moved.
  void find_restarts() {
    Element* const monitors = import_.root.find("monitor");
    if (monitors == nullptr) return;
    for (Element& monitor : monitors->children) {
      Element* const type = monitor.find_path("relation/type");
      Element* const name = monitor.find_path("relation/name");
      Element* const restarts = monitor.find_path("emergency/threshold/restart");
      if (type == nullptr || name == nullptr || restarts == nullptr || type->text != "rsc")
        continue;
      constexpr int64_t kMost = 9;  // config's own
      const int64_t number = whole_number(restarts->text, 1);
      if (number > 0 && number <= kMost) restarts_.emplace(name->text, restarts);
    }
  }

  // Groups of CLUSTERPRO's own and of virtual machines are noted and left out.
  bool is_failover_group(Element& group) {
    const std::string type = group.take_text("type");
    if (is_one_of(type, {"", "failover"})) return true;
    for (Element* const reference : group.find_all("resource"))
      if (const auto found = resources_.find(reference->key); found != resources_.end()) {
        found->second->settled = true;
        used_.insert(found->second);
      }
    import_.settle(
        no_equal, group,
        type == "cluster"
            ? "this is CLUSTERPRO's management group, with the address of its own console"
            : fmt::format("there are no groups of the type {}", shown(type)),
        type == "cluster" ? "use tasuki status on any node"
                          : "Tasuki moves services, not virtual machines");
    return false;
  }

  Group read_group(Element& element, const std::string& name) {
    Group group{.element = &element, .members = {}, .names = {}};
    Names names;
    for (Element* const reference : element.find_all("resource")) {
      reference->settled = true;
      const auto found = resources_.find(reference->key);
      if (found == resources_.end()) {
        import_.note(no_equal, *reference, "the file has no such resource");
        continue;
      }
      Element& resource = *found->second;
      used_.insert(&resource);
      resource.seen = !stem_of(resource).empty();
      Member& member = group.members.emplace_back(&resource);
      if (const std::string stem = stem_of(resource); !stem.empty())
        member.name = is_service(resource) ? service_names_.give(resource.key, "service")
                                           : names.give(resource.key, stem);
    }
    // A group has one pair of scripts.
    if (std::ranges::count_if(group.members,
                              [](const Member& m) { return is_script(*m.element); }) > 1)
      for (Member& member : group.members)
        if (is_script(*member.element)) member.name = "scripts";
    for (const Member& member : group.members) {
      if (member.name.empty()) continue;
      group.names.emplace(member.element->key, member.name);
      if (member.name != "scripts")
        import_.note(taken, *member.element,
                     fmt::format("it is {} of group {}", member.name, name));
    }
    return group;
  }

  void write_policy(Element& group) {
    std::vector<std::tuple<int64_t, size_t, std::string>> ranked;
    for (Element* const entry : group.find_all("policy")) {
      entry->settled = true;
      const int64_t order = whole_number(entry->take_text("order"));
      const Server* const server = import_.find_server(entry->key);
      if (server == nullptr)
        import_.note(no_equal, *entry, "there is no such server");
      else
        ranked.emplace_back(order < 0 ? std::numeric_limits<int64_t>::max() : order, ranked.size(),
                            server->node);
    }
    std::ranges::sort(ranked);
    std::vector<std::string> nodes;
    for (auto& [order, place, node] : ranked)
      if (std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(std::move(node));
    if (!nodes.empty())
      return groups_.set("policy", toml_array(nodes), origin(*group.find("policy")));
    for (const Server& server : import_.servers) nodes.push_back(server.node);
    groups_.set("policy", toml_array(nodes), "all servers by their priority");
  }

  void write_group(Element& element) {
    const std::string name = group_names_.give(element.key, "group");
    element.seen = true;
    import_.note(taken, element, fmt::format("it is group {}", name));
    import_.note_name(element, element.key, name);
    const Group group = read_group(element, name);
    groups_.blank();
    write_comment(element, groups_);
    groups_.header("[[group]]");
    groups_.set("name", toml_string(name), origin(element));
    write_policy(element);
    if (Element* const start = element.take("start"); start && start->text == "0")
      groups_.set("autostart", "false", origin(*start));
    if (Element* const failback = element.take("failback"); failback && failback->text == "1")
      groups_.set("failback", "\"automatic\"", origin(*failback));
    write_members(group);
  }

  void write_members(const Group& group) {
    std::vector<Element*> scripts;
    std::vector<Element*> registry;
    for (const Member& member : group.members) {
      Element& resource = *member.element;
      if (is_script(resource)) scripts.push_back(&resource);
      if (resource.tag == "regsync")
        registry.push_back(&resource);
      else if (member.name.empty())
        groups_.comment(fmt::format("Nothing came of {}.", origin(resource)));
      if (resource.tag == "disk" && member.name.empty())
        import_.settle(no_equal, resource,
                       "Tasuki mounts no disk of the type " + shown(unmountable_type(resource)),
                       "give the data a file system of its own");
    }
    write_registry(registry);
    for (const Member& member : group.members)
      if (!member.name.empty() && is_partition(*member.element)) write_partition(group, member);
    for (const Member& member : group.members)
      if (member.element->tag == "fip") write_floating_ip(group, member);
    for (const Member& member : group.members)
      if (is_service(*member.element)) write_service(group, member);
    if (!scripts.empty()) write_scripts(group, scripts);
  }

  // The header and what every resource has.
  void begin(std::string_view header, Element& resource) {
    groups_.blank();
    write_comment(resource, groups_);
    groups_.header(header);
  }

  void write_name(const Member& member) {
    groups_.set("name", toml_string(member.name), origin(*member.element));
  }

  void end(const Group& group, const std::vector<Element*>& resources, const std::string& own) {
    std::vector<std::string> after;
    std::set<std::string> known{own};
    const Element* first = nullptr;
    for (Element* const resource : resources)
      for (Element* const depend : resource->find_all("depend")) {
        depend->settled = true;
        const auto found = group.names.find(depend->key);
        if (found == group.names.end())
          import_.note(no_equal, *depend, "nothing in the group came of what this waits for");
        else if (known.insert(found->second).second)
          after.push_back(found->second);
        if (first == nullptr) first = depend;
      }
    if (!after.empty()) groups_.set("after", toml_array(after), origin(*first));
    for (const Element* const resource : resources)
      if (const auto restarts = restarts_.find(resource->key); restarts != restarts_.end())
        return groups_.set("restarts", restarts->second->text, origin(*restarts->second));
  }

  // All that is kept the same on the group's servers, as one list.
  void write_registry(const std::vector<Element*>& resources) {
    std::vector<std::string> keys;
    std::string origins;
    for (Element* const resource : resources) {
      const auto found = registry_keys(*resource);
      if (found.empty()) {
        import_.settle(no_equal, *resource, "no key of the registry is found in it",
                       "write the keys that follow the group into its registry = [...]");
        continue;
      }
      keys.insert(keys.end(), found.begin(), found.end());
      import_.settle(taken, *resource,
                     "its keys follow the group; their values do not lie in clp.conf",
                     "export them on Windows and say: tasuki registry import FILE.reg");
      origins += (origins.empty() ? "" : ", ") + origin(*resource);
    }
    if (!keys.empty()) groups_.set("registry", toml_array(keys), origins);
  }

  void write_partition(const Group& group, const Member& member) {
    Element& resource = *member.element;
    begin("[[group.partition]]", resource);
    write_name(member);
    const bool shared = resource.tag == "disk";
    if (shared)
      write_device(resource);
    else
      note_other_disk(resource);
    write_mount_point(resource);
    write_filesystem(resource);
    if (Element* const options = resource.take("parameters/mount/option");
        options && options->text != "rw")
      groups_.set_text("options", *options);
    end(group, {&resource}, member.name);
    if (!shared) resource.settled = true;
  }

  void write_device(Element& resource) {
    Element* const device = resource.take("parameters/device");
    if (device == nullptr) return;
    groups_.set_text("device", *device);
    if (device->text.starts_with("/dev/sd"))
      import_.note(to_do, *device,
                   fmt::format("{} may be another disk after the next boot", shown(device->text)),
                   "call it by its name in /dev/disk/by-id");
    if (resource.take_text("parameters/disktype") == "lvm")
      import_.note(to_do, resource, "Tasuki switches no volume group",
                   "have it active on every server before tasukid starts");
  }

  void note_other_disk(Element& resource) {
    if (resource.tag == "sd") {
      import_.note(no_equal, resource, "Tasuki knows no disk by the GUID that Windows gave it",
                   "give the shared disk a Linux file system and write its device");
      groups_.comment("A disk of Windows. Give it a Linux file system, and write its device.");
    } else {
      import_.note(no_equal, resource, "Tasuki has no mirror disk",
                   "put its data on a disk that every server reaches, and write its device");
      groups_.comment(
          "A mirror disk, of which Tasuki has none. Put its data on a disk that every server");
      groups_.comment("reaches, and write that one's device.");
    }
  }

  void write_mount_point(Element& resource) {
    if (Element* const point = resource.take("parameters/mount/point"))
      return groups_.set_text("mount_point", *point);
    Element* const letter = resource.take("parameters/volumemountpoint");
    if (letter == nullptr) return;
    const auto drive = static_cast<char>(letter->text.front() | 0x20);
    if (drive < 'a' || drive > 'z') return;
    groups_.set("drive", fmt::format("\"{}\"", drive), origin(*letter));
    groups_.set("mount_point", fmt::format("\"/mnt/{}\"", drive), "any folder will do");
  }

  void write_filesystem(Element& resource) {
    Element* const filesystem = resource.take("parameters/fs");
    if (filesystem == nullptr) return;
    if (is_one_of(filesystem->text, {"ext4", "xfs", "btrfs"}))
      return groups_.set_text("filesystem", *filesystem);
    groups_.comment(
        fmt::format("Its file system was {}: {}.", shown(filesystem->text), origin(*filesystem)));
    import_.note(no_equal, *filesystem, fmt::format("Tasuki mounts no {}", shown(filesystem->text)),
                 "bring the data over to ext4, xfs or btrfs; tune2fs(8) makes an ext3 an ext4");
  }

  void write_floating_ip(const Group& group, const Member& member) {
    Element& resource = *member.element;
    begin("[[group.floating_ip]]", resource);
    write_name(member);
    if (Element* const ip = resource.take("parameters/ip")) {
      if (config::parse_address(ip->text)) {
        groups_.set_text("address", *ip);
      } else {
        groups_.comment(fmt::format("It was {}: {}.", shown(ip->text), origin(*ip)));
        import_.note(no_equal, *ip, fmt::format("{} is no address alone", shown(ip->text)),
                     "write its address, and prefix or interface where it had them");
      }
    }
    end(group, {&resource}, member.name);
  }

  void write_service(const Group& group, const Member& member) {
    Element& resource = *member.element;
    Element* const known = resource.take("parameters/name");
    services_.blank();
    services_.comment("Write what runs here on Linux: its command and user, or a unit of systemd.");
    services_.header("[[service]]");
    services_.set("name", toml_string(member.name), origin(resource));
    if (resource.tag == "service" && known != nullptr) services_.set_text("display_name", *known);
    begin("[[group.service]]", resource);
    groups_.set("service", toml_string(member.name), origin(resource));
    end(group, {&resource}, member.name);
  }

  // Where a resource's scripts lie once they are copied.
  static Scripts scripts_of(const Group& group, Element& resource) {
    const bool batch = resource.tag == "script";
    const auto path = [&](const char* element, const char* usual) {
      const std::string written = batch ? "" : resource.take_text(element);
      if (written.starts_with('/')) return written;
      return fmt::format("{}/{}/{}/{}", kScriptFolder, group.element->key, resource.key,
                         written.empty() ? usual : written);
    };
    return {path("parameters/act/path", batch ? "start.bat" : "start.sh"),
            path("parameters/deact/path", batch ? "stop.bat" : "stop.sh")};
  }

  // In seconds; an exec that says nothing waits for half an hour.
  static std::optional<Milliseconds> script_limit(Element& resource, const char* path) {
    constexpr int64_t kUsual = 1800;
    constexpr int64_t kMost = 86'400;  // config's own
    if (resource.tag != "exec") return {};
    Element* const limit = resource.find_path(path);
    const int64_t seconds = limit == nullptr ? kUsual : whole_number(limit->text, 1);
    if (seconds < 0 || seconds > kMost) return {};
    if (limit != nullptr) limit->seen = true;
    return std::chrono::seconds(seconds);
  }

  void write_limit(std::string_view key, Element& resource, const char* path) {
    if (const auto limit = script_limit(resource, path)) {
      const Element* const given = resource.find_path(path);
      groups_.set(key, toml_string(format_duration(*limit)),
                  given == nullptr ? "as in CLUSTERPRO by default" : origin(*given));
    }
  }

  void write_scripts(const Group& group, const std::vector<Element*>& resources) {
    if (resources.size() > 1) return write_many_scripts(group, resources);
    Element& resource = *resources.front();
    begin("[group.scripts]", resource);
    const std::string& name = group.names.at(resource.key);
    const Scripts scripts = scripts_of(group, resource);
    groups_.set("name", toml_string(name), origin(resource));
    groups_.set("start", toml_string(scripts.start));
    groups_.set("stop", toml_string(scripts.stop));
    write_limit("start_limit", resource, "parameters/timeout/start");
    write_limit("stop_limit", resource, "parameters/timeout/stop");
    end(group, {&resource}, name);
    note_scripts(resource, scripts);
  }

  void note_scripts(Element& resource, const Scripts& scripts) {
    if (scripts.start.starts_with(kScriptFolder) || scripts.stop.starts_with(kScriptFolder))
      import_.note(to_do, resource, "its scripts lie beside the clp.conf, in the folder scripts",
                   fmt::format("copy it to every server: cp -rT scripts {}", kScriptFolder));
    if (resource.tag == "script")
      import_.note(to_do, resource, "batch files run as they are, within 30s each",
                   fmt::format("look at them with tasuki script check {} {}; write start_limit and "
                               "stop_limit where they take longer",
                               shown(scripts.start), shown(scripts.stop)));
    import_.note(to_do, resource, "Tasuki's scripts see what happens in ARMS_EVENT and ARMS_SERVER",
                 "write these where they ask for CLP_EVENT and CLP_SERVER");
  }

  void write_many_scripts(const Group& group, const std::vector<Element*>& resources) {
    groups_.blank();
    groups_.comment(
        "A group has one pair of scripts. Write a start that calls these, and a stop that calls");
    groups_.comment("the others in the reverse order:");
    for (Element* const resource : resources) {
      const Scripts scripts = scripts_of(group, *resource);
      groups_.comment(fmt::format("  {}, {}: {}", scripts.start, scripts.stop, origin(*resource)));
      for (const Element* const depend : resource->find_all("depend"))
        groups_.comment(fmt::format("    after {}", depend->key));
      import_.note(no_equal, *resource, "a group has one pair of scripts, and here are several",
                   "have the group's own pair call this one");
      note_scripts(*resource, scripts);
    }
    groups_.header("[group.scripts]");
    end(group, resources, "scripts");
  }

  Import& import_;
  std::map<std::string, Element*> resources_;  // by "type@name"
  std::map<std::string, Element*> restarts_;   // by the resource's name
  std::set<const Element*> used_;
  Names group_names_;
  Names service_names_;
  Toml services_;
  Toml groups_;
};

}  // namespace

Toml write_groups(Import& import) {
  GroupWriter writer(import);
  writer.write();
  return writer.result();
}

}  // namespace tasuki::clp
