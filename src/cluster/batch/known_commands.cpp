#include "cluster/batch/known_commands.hpp"

#include <algorithm>
#include <vector>

#include "cluster/batch/command.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

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

std::vector<std::string> all_commands() {
  std::vector<std::string> all;
  for (const std::string_view name : kPrograms) all.emplace_back(name);
  for (const std::string_view name : internal_commands()) all.emplace_back(name);
  return all;
}

}  // namespace

bool is_known_command(std::string_view name) {
  return is_internal(name) ||
         std::ranges::any_of(kPrograms, [name](auto known) { return same_name(known, name); });
}

std::optional<std::string> nearest_command(std::string_view name) {
  static const std::vector<std::string> commands = all_commands();
  std::vector<std::string> uppered;
  for (const std::string& command : commands) uppered.push_back(upper(command));
  const auto near = nearest_word(upper(name), uppered);
  if (!near) return std::nullopt;
  return commands[static_cast<size_t>(std::ranges::find(uppered, *near) - uppered.begin())];
}

}  // namespace tasuki::batch
