#include "cluster/batch/known_commands.hpp"

#include <algorithm>
#include <vector>

#include "cluster/batch/command.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// No known command is that long, even with letters too many.
constexpr size_t kNameLengthMax = 24;

// As they are written when they are suggested.
constexpr std::string_view kPrograms[] = {
    // the cluster's
    "ARMLOAD", "ARMKILL", "ARMLOADC", "ARMBCAST", "ARMLOG", "ARMSLEEP", "ARMDELAY", "ARMGETCD",
    "ARMRSP",
    // parts of the language that are no simple commands
    "if", "for", "rem", "else", "do",
    // programs of Windows
    "attrib", "cacls", "chcp", "cmd", "comp", "compact", "convert", "cscript", "diskpart", "doskey",
    "eventcreate", "expand", "fc", "find", "findstr", "format", "forfiles", "fsutil", "ftp",
    "hostname", "icacls", "ipconfig", "label", "logman", "mode", "more", "mountvol", "mshta",
    "nbtstat", "net", "net1", "netsh", "netstat", "nslookup", "openfiles", "pathping", "ping",
    "powershell", "pwsh", "query", "reg", "regedit", "regsvr32", "replace", "robocopy", "route",
    "rundll32", "sc", "schtasks", "shutdown", "sleep", "sort", "subst", "systeminfo", "takeown",
    "taskkill", "tasklist", "timeout", "tracert", "tree", "typeperf", "vssadmin", "w32tm",
    "waitfor", "wbadmin", "wevtutil", "where", "whoami", "wmic", "wscript", "xcopy",
    // programs of databases
    "bcp", "createdb", "dropdb", "exp", "imp", "isql", "lsnrctl", "mysql", "mysqladmin",
    "mysqldump", "oradim", "osql", "pg_ctl", "pg_dump", "psql", "rman", "sqlcmd", "sqlplus",
    "svrmgr23", "svrmgr30", "svrmgrl", "tnsping",
    // Tasuki itself
    "tasuki"};

std::string upper(std::string_view text) {
  std::string uppered(text);
  std::ranges::transform(uppered, uppered.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return uppered;
}

struct Spelling {
  std::string upper;      // for comparing
  std::string suggested;  // as it is usually written
};

std::vector<Spelling> all_commands() {
  std::vector<Spelling> all;
  for (const std::string_view name : kPrograms) all.push_back({upper(name), std::string(name)});
  for (const std::string_view name : internal_commands())
    all.push_back({upper(name), std::string(name)});
  return all;
}

}  // namespace

bool is_known_command(std::string_view name) {
  return is_internal(name) ||
         std::ranges::any_of(kPrograms, [name](auto known) { return same_name(known, name); });
}

std::optional<std::string> nearest_command(std::string_view name) {
  static const std::vector<Spelling> commands = all_commands();
  if (name.size() > kNameLengthMax) return std::nullopt;
  std::vector<std::string> possible;
  for (const Spelling& command : commands) possible.push_back(command.upper);
  const auto near = nearest_word(upper(name), possible);
  if (!near) return std::nullopt;
  return std::ranges::find(commands, *near, &Spelling::upper)->suggested;
}

}  // namespace tasuki::batch
