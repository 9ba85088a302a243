// What tasukid and the keeper say to each other, as values and as the JSON objects that carry them:
// one object per SOCK_SEQPACKET packet. Both sides use this file, so they cannot disagree.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>
#include <vector>

#include "cluster/process/identity.hpp"
#include "cluster/process/release.hpp"
#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

using std::chrono::milliseconds;
// CLOCK_MONOTONIC, which both sides read alike.
using Moment = std::chrono::steady_clock::time_point;

inline constexpr int kProtocolVersion = 1;
// The longest packet either side sends; more than any reasonable command or set of notes needs.
inline constexpr size_t kPacketBytesMax = size_t{256} * 1024;
inline constexpr std::string_view kDefaultKeeperSocket = "/run/tasuki/keeper.sock";

// One process of a group. Both parts become folder names of a cgroup.
struct ProcessName {
  std::string group;
  std::string key;
  friend auto operator<=>(const ProcessName&, const ProcessName&) = default;
};

// How a process ended.
struct ExitStatus {
  enum class How { code, signal };
  How how = How::code;
  int value = 0;  // the exit code or the signal's number
  [[nodiscard]] bool success() const { return how == How::code && value == 0; }
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};
// "exited with code 1", "was killed by signal 9 (Killed)".
std::string describe(const ExitStatus& status);

// Requests. Asks what runs; the reply is HelloReply, and events from then on are changes to it.
struct Hello {
  friend bool operator==(const Hello&, const Hello&) = default;
};
// Makes or updates a group. `releases` are undone in this order when the keeper lets go of it;
// `note` is kept for the next tasukid.
struct OpenGroup {
  std::string group;
  std::vector<Release> releases;
  Json note;
  friend bool operator==(const OpenGroup&, const OpenGroup&) = default;
};
// Forgets a group; refused while something of it runs.
struct CloseGroup {
  std::string group;
  friend bool operator==(const CloseGroup&, const CloseGroup&) = default;
};
// Starts a process in a cgroup of its own; the reply SpawnReply says that the program was executed.
struct Spawn {
  ProcessName name;
  std::vector<std::string> command;
  std::string user;  // empty: root
  std::map<std::string, std::string> environment;
  std::string working_directory;  // empty: /
  std::string tag;                // in front of each line of its output in the keeper's log
  // A cgroup below the root of cgroup v2 that others fill at its word, as systemd does a unit's
  // slice: its processes belong to this one, which is gone when they are. Empty: none.
  std::string slice = {};
  // Who `user` is. KeeperClient looks it up: the keeper must never wait for a directory service.
  Identity identity = {};
  friend bool operator==(const Spawn&, const Spawn&) = default;
};
// Signals the main process; when it is gone, or after the limit, kills what is left in its cgroup.
// StopReply comes when nothing is left.
struct Stop {
  ProcessName name;
  int signal = 15;
  milliseconds limit{};
  friend bool operator==(const Stop&, const Stop&) = default;
};
// Kills everything in a group at once; answered when nothing is left.
struct KillGroup {
  std::string group;
  friend bool operator==(const KillGroup&, const KillGroup&) = default;
};
// Renews the right to own groups until `from` + `lease`; zero: nothing is owned. When it runs out
// the keeper ends tasukid and lets go of every group within `release`, or resets the node.
struct Lease {
  Moment from;
  milliseconds lease{};
  milliseconds release{};
  friend bool operator==(const Lease&, const Lease&) = default;
};
struct ResetNode {
  std::string reason;
  friend bool operator==(const ResetNode&, const ResetNode&) = default;
};
using Operation =
    std::variant<Hello, OpenGroup, CloseGroup, Spawn, Stop, KillGroup, Lease, ResetNode>;
struct Request {
  uint64_t id = 0;
  Operation operation;
  friend bool operator==(const Request&, const Request&) = default;
};

// Replies.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};
struct KeptProcess {
  std::string key;
  pid_t pid = 0;
  std::string tag;
  friend bool operator==(const KeptProcess&, const KeptProcess&) = default;
};
struct KeptGroup {
  std::string name;
  Json note;
  std::vector<Release> releases;
  std::vector<KeptProcess> processes;  // those whose main process runs
  friend bool operator==(const KeptGroup&, const KeptGroup&) = default;
};
struct HelloReply {
  std::vector<KeptGroup> groups;
  bool lease_expired = false;  // the keeper let go of groups since the last lease
  bool watchdog = false;       // the end of a lease also binds a kernel that stands still
  bool leased = false;         // this keeper held a lease, so the node was not off since then
  friend bool operator==(const HelloReply&, const HelloReply&) = default;
};
struct SpawnReply {
  pid_t pid = 0;
  friend bool operator==(const SpawnReply&, const SpawnReply&) = default;
};
struct StopReply {
  bool forced = false;  // the limit ran out
  friend bool operator==(const StopReply&, const StopReply&) = default;
};
using Answer = std::variant<Done, HelloReply, SpawnReply, StopReply, Error>;
struct Reply {
  uint64_t id = 0;
  Answer answer;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// Events.
struct Exited {
  ProcessName name;
  pid_t pid = 0;
  ExitStatus status;
  Moment at;  // when the keeper saw it
  friend bool operator==(const Exited&, const Exited&) = default;
};
struct Output {
  ProcessName name;
  std::string line;
  friend bool operator==(const Output&, const Output&) = default;
};
// tasukid was too slow to read this many lines of output.
struct OutputLost {
  uint64_t lines = 0;
  friend bool operator==(const OutputLost&, const OutputLost&) = default;
};
using Event = std::variant<Exited, Output, OutputLost>;

using FromKeeper = std::variant<Reply, Event>;

// The packet of a value, and the value of a packet. A packet that does not fit this file is an
// error that says what is wrong with it.
std::string to_packet(const Request& request);
std::string to_packet(const Reply& reply);
std::string to_packet(const Event& event);
Result<Request> parse_request(std::string_view packet);
Result<FromKeeper> parse_from_keeper(std::string_view packet);

}  // namespace tasuki::process
