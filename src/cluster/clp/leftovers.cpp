// What nobody took from the clp.conf: each thing once, at the highest element that is wholly left.
#include <algorithm>
#include <array>
#include <ranges>

#include <fmt/format.h>

#include "cluster/clp/parts.hpp"
#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

using enum NoteKind;

struct Advice {
  // Tags below the root; "*" is any one, and what lies deeper belongs to it too.
  std::string_view path;
  NoteKind kind;
  std::string_view what;
  std::string_view instead;
};

constexpr std::string_view kWatchedService =
    "run the program as a [[service]]: its process is watched, and its ready says when it serves";

// The first that fits. CLUSTERPRO's meaning of each: docs/operating/clusterpro.md says where from.
constexpr auto kAdvice = std::to_array<Advice>({
    {"monitor/userw", taken, "the keeper and the watchdog reset a server that stalls", ""},
    {"monitor/fipw", taken, "every floating IP is watched, and so is its link", ""},
    {"monitor/diskw", taken, "every partition is watched: its mount, and errors of its disk", ""},
    {"monitor/sdw", taken, "every partition is watched: its mount, and errors of its disk", ""},
    {"monitor/servicew", taken, "every service is watched", ""},
    {"monitor/mdw", no_equal, "Tasuki has no mirror disk", ""},
    {"monitor/mdnw", no_equal, "Tasuki has no mirror disk", ""},
    {"monitor/ipw", no_equal, "no address of another machine is watched",
     "[ping] tells two servers that lose each other which one still reaches somebody"},
    {"monitor/genw", no_equal, "no script is run to watch", kWatchedService},
    {"monitor/pidw", no_equal, "what a script started is not watched", kWatchedService},
    {"monitor/psw", no_equal, "no process is watched by its name", kWatchedService},
    {"monitor/volmgrw", no_equal, "no volume group is watched", ""},
    {"monitor/*", no_equal, "there is no monitor of this type", kWatchedService},
    {"cluster/networkpartition/npaction", taken,
     "a server that loses the right to decide lets go of its groups, or is reset", ""},
    {"cluster/rsctimeout", no_equal, "a start or stop that does not end in time has failed",
     "write start_limit and stop_limit where they must differ"},
    {"cluster/heartbeat", no_equal, "there is one time for noticing a lost server",
     "[timing] detect"},
    {"cluster/messages", no_equal, "messages go to no other place",
     "follow the journal, or ask tasuki status --json"},
    {"cluster/mail", no_equal, "no mail is sent",
     "follow the journal, or ask tasuki status --json"},
    {"cluster/cialert", no_equal, "no lamp is switched", ""},
    {"cluster/dn1000s", no_equal, "no lamp is switched", ""},
    {"cluster/account", no_equal, "scripts run as root, or as the group's [group.scripts] says",
     "user = \"...\""},
    {"alertservice", no_equal, "no lamp is switched", ""},
    {"messages", no_equal, "messages go to no other place",
     "follow the journal, or ask tasuki status --json"},
    {"statsd", no_equal, "no figures are sent", "ask tasuki status --json"},
    {"webmgr", no_equal, "there is no Cluster WebUI", "use tasuki status on any node"},
    {"webalert", no_equal, "there is no Cluster WebUI", "use tasuki status on any node"},
    {"pm", taken, "whatever fails of Tasuki itself is started again or resets the server", ""},
    {"haltp", taken, "the watchdog resets a server that does not let go", ""},
    {"networkpartition/majonp", taken, "the majority of the servers decides", ""},
    {"networkpartition/*", no_equal, "Tasuki does not decide in this way",
     "docs/operating/split-brain.md says how two servers can"},
    {"heartbeat/*", no_equal, "Corosync's links are the only heartbeat", ""},
    {"server/hba", no_equal, "no disk is hidden from a server by its adapter",
     "guard = \"scsi-reservation\" of a partition has the disk refuse the other servers"},
    {"group/failover", no_equal, "a group that may move moves by itself",
     "name only one node in its policy, and move it by hand"},
    {"group/exclusive", no_equal, "groups do not exclude each other", ""},
    {"group/depend", no_equal, "groups do not wait for each other",
     "put what must start in order into one group"},
    {"resource/exec/parameters/userlog", taken, "what scripts print goes to the group's log", ""},
    {"resource/exec/parameters/logrotate", taken, "what scripts print goes to the group's log", ""},
    {"resource/exec/parameters/act/sync", no_equal, "scripts are waited for",
     "end the script's line with &, or run the program as a [[service]]"},
    {"resource/exec/parameters/deact/sync", no_equal, "scripts are waited for", ""},
    {"resource/exec/parameters/act/postrunothers", no_equal,
     "scripts run on the group's own node only", ""},
    {"resource/exec/parameters/deact/prerunothers", no_equal,
     "scripts run on the group's own node only", ""},
    {"resource/service/parameters/started", no_equal, "only the group starts its services", ""},
    {"resource/*/act/timeout", no_equal, "a start that does not end in time has failed",
     "write start_limit where the default of 30s is too short"},
    {"resource/*/deact/timeout", no_equal, "a stop that does not end in time has failed",
     "write stop_limit where the default of 30s is too short"},
    {"resource/*/act/retry", no_equal, "a start that failed is not tried again at once",
     "restarts says how often a resource is started again where it is"},
    {"resource/*/act/fo", no_equal, "a group that failed goes on to the next node of its policy",
     "failure_expiry says when a node may be tried again"},
    {"resource/*/act/action", no_equal, "a group that failed everywhere waits for an administrator",
     ""},
    {"resource/*/deact/action", no_equal,
     "a server that cannot let go of a group is reset, whatever this says", ""},
    {"resource/*/parameters/mount", no_equal, "a mount has one limit, and is not repeated",
     "write start_limit where the default of 30s is too short"},
    {"resource/*/parameters/umount", no_equal,
     "what still uses a partition is ended before it is unmounted", ""},
    {"resource/*/parameters/fsck", no_equal, "no file system is checked before it is mounted",
     "its journal is replayed by the mount"},
    {"resource/volmgr", no_equal, "Tasuki switches no volume group",
     "have it active on every server before tasukid starts"},
    {"resource/vcom", no_equal, "no computer name moves with a group",
     "give the floating IP a name in the name service"},
    {"resource/vip", no_equal, "no address is announced by routing",
     "take a floating IP where the servers are in one network"},
    {"resource/*", no_equal, "there is no such resource or setting",
     "have the group's scripts do what it did, where that is still needed"},
    {"*", no_equal, "Tasuki has no such setting", ""},
});

// What says nothing about a cluster.
constexpr auto kMeaningless = std::to_array<std::string_view>(
    {"all", "trekking", "cluster/uuid", "webmgr/client/objectnumber", "group/gid", "resource/types",
     "monitor/types", "heartbeat/types", "networkpartition/types", "messages/types",
     "alertservice/types", "server/priority"});

bool fits(std::string_view pattern, const std::vector<std::string_view>& tags) {
  const auto parts = split(pattern, '/');
  return parts.size() <= tags.size() &&
         std::ranges::equal(parts, tags | std::views::take(parts.size()),
                            [](auto part, auto tag) { return part == "*" || part == tag; });
}

class Leftovers {
 public:
  explicit Leftovers(Import& import) : import_(import) {}

  void look_below(const Element& element) {
    for (const Element& child : element.children) {
      tags_.push_back(child.tag);
      look(child);
      tags_.pop_back();
    }
  }

 private:
  static bool any_seen(const Element& element) {
    return element.seen || element.settled || std::ranges::any_of(element.children, any_seen);
  }

  // Whether anything is left of what stands at tags_ that means something.
  bool says_something(const Element& element) {
    if (element.settled ||
        std::ranges::any_of(kMeaningless, [&](auto path) { return fits(path, tags_); }))
      return false;
    if (element.children.empty())
      return !element.seen && (!element.key.empty() || !element.text.empty());
    return std::ranges::any_of(element.children, [&](const Element& child) {
      tags_.push_back(child.tag);
      const bool says = says_something(child);
      tags_.pop_back();
      return says;
    });
  }

  void look(const Element& element) {
    if (!says_something(element)) return;
    const auto advice =
        std::ranges::find_if(kAdvice, [&](const Advice& one) { return fits(one.path, tags_); });
    const bool is_monitor = tags_.size() == 2 && tags_.front() == "monitor";
    const bool may_say_more =
        !element.children.empty() && element.key.empty() && advice->path.ends_with('*');
    if (!is_monitor && (may_say_more || any_seen(element))) return look_below(element);
    std::string what(advice->what);
    if (!element.text.empty()) what += fmt::format(" (here: {})", shown(element.text));
    import_.note(advice->kind, element, std::move(what), std::string(advice->instead));
  }

  Import& import_;
  std::vector<std::string_view> tags_;  // from below the root to where it looks
};

}  // namespace

void note_leftovers(Import& import) {
  Leftovers(import).look_below(import.root);
}

}  // namespace tasuki::clp
