#include "cluster/lab/commands.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/config/parse.hpp"
#include "cluster/lab/guardian.hpp"
#include "cluster/lab/namespaces.hpp"
#include "cluster/lab/running.hpp"
#include "cluster/lab/status.hpp"
#include "cluster/lab/sweep.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kNotUnderstood = 2;

constexpr const char* kLabsFolder = "/var/lib/tasuki-lab";
// XFS takes no less than 300; the files are sparse.
constexpr uint64_t kDefaultDiskMebibytes = 512;
constexpr uint64_t kMebibyte = uint64_t{1024} * 1024;
// Twice what a machine gets to shut down; then somebody should look.
constexpr auto kDownLimit = 60s;

struct Options {
  std::optional<std::string> folder;
  bool json = false;
  std::string file;
  std::optional<std::string> client_address;
  uint64_t disk_mebibytes = kDefaultDiskMebibytes;
  bool fresh = false;
  std::string host;
  std::string other;
  bool one_way = false;
  bool paused = false;
  std::vector<std::string> command;
};

int fail(const Error& error) {
  fmt::print(stderr, "tasuki lab: {}\n", error.what);
  return kFailed;
}

// --- lab up ---

// The configuration, or none after its mistakes were printed.
std::optional<core::Config> read_config(const std::string& text, const std::string& file) {
  auto outcome = config::parse_config(text, file);
  for (const auto& warning : outcome.warnings)
    fmt::print(stderr, "{} (a warning)\n", config::to_text(warning));
  for (const auto& mistake : outcome.mistakes) fmt::print(stderr, "{}\n", config::to_text(mistake));
  return std::move(outcome.config);
}

Result<LabSettings> lab_settings(const Options& options, std::string text,
                                 const core::Config& config) {
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  if (error) return failure("find the programs: " + error.message());
  const std::string programs = self.parent_path().string();
  auto plan = plan_lab(config, {programs, options.client_address});
  if (!plan) return failure(plan.error());
  const fs::path folder = options.folder ? fs::absolute(*options.folder).lexically_normal()
                                         : fs::path(kLabsFolder) / config.cluster_name;
  return LabSettings{.plan = std::move(*plan),
                     .places = {.folder = folder.string(), .programs = programs, .cgroup = {}},
                     .config_text = std::move(text),
                     .disk_bytes = options.disk_mebibytes * kMebibyte,
                     .old_disks = options.fresh ? OldDisk::replace : OldDisk::keep};
}

// A fresh lab remembers nothing: neither what was applied nor the key nor the logs.
Result<void> forget_nodes(const Places& places) {
  std::error_code error;
  fs::remove_all(places.folder + "/nodes", error);
  if (error) return failure("remove " + places.folder + "/nodes: " + error.message());
  return {};
}

// Prints what the supervisor tells until everything runs; a failure carries its reason.
Result<void> follow_progress(const Fd& progress, std::FILE* output) {
  std::string received;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(progress.get(), buffer, sizeof buffer)) > 0) {
    received.append(buffer, static_cast<size_t>(got));
    while (!received.starts_with("failed\n") && received.contains('\n')) {
      const size_t end = received.find('\n');
      const std::string line = received.substr(0, end);
      received.erase(0, end + 1);
      if (line == "ready") return {};
      fmt::print(output, "  {}\n", line);
      std::fflush(output);
    }
  }
  if (received.starts_with("failed\n"))
    return failure(std::string(trim(received.substr(received.find('\n')))));
  return failure("the lab ended while it started");
}

int bring_up(const Options& options) {
  if (::geteuid() != 0) return fail({"a lab needs root (namespaces, loop devices); use sudo"});
  auto text = read_file(options.file);
  if (!text) return fail(text.error());
  const auto config = read_config(*text, options.file);
  if (!config) return kFailed;
  auto settings = lab_settings(options, std::move(*text), *config);
  if (!settings) return fail(settings.error());
  const std::string folder = settings->places.folder;
  auto lock = lock_lab(settings->places);
  if (!lock) return fail(lock.error());
  auto swept = sweep_lab(folder);
  if (swept && options.fresh) swept = forget_nodes(settings->places);
  if (!swept) return fail(swept.error());

  std::FILE* const output = options.json ? stderr : stdout;
  fmt::print(output, "lab {} in {}\n", config->cluster_name, folder);
  std::fflush(output);
  const std::string log = settings->places.log();
  const auto progress = start_lab(std::move(*settings), std::move(*lock));
  if (!progress) return fail(progress.error());
  if (auto ready = follow_progress(*progress, output); !ready) {
    // What was made so far is taken away before the prompt comes back.
    if (auto down = wait_until_down(folder, kDownLimit); !down) fail(down.error());
    return fail({fmt::format("{}\nThe lab's own log is {}", ready.error().what, log)});
  }
  if (!options.json) {
    fmt::print("it runs; tasuki lab status shows it, tasuki lab down ends it\n");
    return 0;
  }
  const auto status = ask_lab(folder, {{"op", "status"}});
  if (!status) return fail(status.error());
  fmt::print("{}\n", status->json.dump());
  return 0;
}

// --- a running lab ---

int request(const Options& options, const Json& what, const std::string& done) {
  const auto folder = find_lab(options.folder);
  if (!folder) return fail(folder.error());
  const auto reply = ask_lab(*folder, what);
  if (!reply) return fail(reply.error());
  fmt::print("{}\n", done);
  return 0;
}

int show_status(const Options& options) {
  const auto folder = find_lab(options.folder);
  if (!folder) return fail(folder.error());
  const auto reply = ask_lab(*folder, {{"op", "status"}});
  if (!reply) return fail(reply.error());
  if (options.json)
    fmt::print("{}\n", reply->json.dump());
  else
    fmt::print("{}", status_text(reply->json));
  return 0;
}

int run_in_host(const Options& options) {
  const auto folder = find_lab(options.folder);
  if (!folder) return fail(folder.error());
  const auto reply = ask_lab(*folder, {{"op", "enter"}, {"host", options.host}});
  if (!reply) return fail(reply.error());
  const char* path = std::getenv("PATH");
  ::setenv("PATH",
           fmt::format("{}:{}", reply->json.at("programs").get<std::string>(),
                       path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin")
               .c_str(),
           1);
  const auto status = run_inside(reply->attached.get(), reply->json.at("cgroup"), options.command);
  return status ? *status : fail(status.error().during(options.host));
}

int cut(const Options& options) {
  Json what{{"op", "cut"}, {"host", options.host}, {"one_way", options.one_way}};
  if (options.other.empty()) {
    if (options.one_way) return fail({"--one-way needs two hosts"});
    return request(options, what, fmt::format("{} is cut off", options.host));
  }
  what["other"] = options.other;
  return request(options, what,
                 fmt::format("nothing passes from {} to {}{}", options.host, options.other,
                             options.one_way ? "" : ", nor back"));
}

int bring_down(const Options& options) {
  const auto folder = find_lab(options.folder);
  if (!folder) return fail(folder.error());
  const auto asked = ask_lab(*folder, {{"op", "down"}});
  if (fs::exists(*folder))
    if (auto down = wait_until_down(*folder, kDownLimit); !down) return fail(down.error());
  // Also what a lab left whose supervisor and guardian were both killed.
  if (auto swept = sweep_lab(*folder); !swept) return fail(swept.error());
  const auto left = find_leftovers(*folder);
  if (!left.empty()) return fail({fmt::format("still there: {}", fmt::join(left, "; "))});
  if (!asked) return fail(asked.error());
  fmt::print(
      "the lab is down: no process, mount, loop device, network or cgroup of it is left\n"
      "its disks and logs are in {}\n",
      *folder);
  return 0;
}

// --- the command line ---

CLI::App* add_verb(CLI::App& app, Options& options, const std::string& name,
                   const std::string& description, int& status,
                   std::function<int(const Options&)> run) {
  CLI::App* const verb = app.add_subcommand(name, description);
  verb->add_option("--dir", options.folder, "The lab's folder; not needed when one lab runs");
  verb->callback([&options, &status, run = std::move(run)] { status = run(options); });
  return verb;
}

void add_verbs(CLI::App& app, Options& options, int& status) {
  auto* up =
      add_verb(app, options, "up", "Bring the nodes of a configuration up", status, bring_up);
  up->add_option("FILE", options.file, "The configuration")->required();
  up->add_flag("--json", options.json, "Print the lab's status as JSON when it runs");
  up->add_flag("--fresh", options.fresh, "Make the disks and the nodes' state anew");
  up->add_option("--disk-size", options.disk_mebibytes, "Size of a new disk in MiB")
      ->check(CLI::Range(uint64_t{16}, uint64_t{1024} * 1024))
      ->capture_default_str();
  up->add_option("--client-address", options.client_address,
                 "Of the client host; the first free one from .200 on otherwise");

  auto* show = add_verb(app, options, "status", "Show the hosts of the lab", status, show_status);
  show->add_flag("--json", options.json, "Print JSON");

  auto* exec = add_verb(app, options, "exec", "Run a command in a host, as exec sv1 -- ip addr",
                        status, run_in_host);
  exec->add_option("HOST", options.host)->required();
  exec->add_option("COMMAND", options.command)->required();

  auto* kill = add_verb(app, options, "kill", "Pull a host's plug", status, [](const Options& o) {
    return request(o, {{"op", "kill"}, {"host", o.host}}, o.host + " is off");
  });
  auto* start = add_verb(app, options, "start", "Switch a host on", status, [](const Options& o) {
    return request(o, {{"op", "start"}, {"host", o.host}}, o.host + " is on");
  });
  auto* freeze = add_verb(
      app, options, "freeze", "Stop everything in a host; its watchdog goes on", status,
      [](const Options& o) {
        return request(o, {{"op", "freeze"}, {"host", o.host}, {"paused", o.paused}},
                       o.host + (o.paused ? " is paused with its watchdog" : " is frozen"));
      });
  freeze->add_flag("--paused", options.paused,
                   "Stop the watchdog too, as when a virtual machine is paused");
  auto* thaw =
      add_verb(app, options, "thaw", "Let a frozen host go on", status, [](const Options& o) {
        return request(o, {{"op", "thaw"}, {"host", o.host}}, o.host + " goes on");
      });
  for (auto* verb : {kill, start, freeze, thaw}) verb->add_option("HOST", options.host)->required();

  auto* cut_verb = add_verb(app, options, "cut",
                            "Cut the network between two hosts, or of one from all", status, cut);
  cut_verb->add_option("HOST", options.host)->required();
  cut_verb->add_option("OTHER", options.other);
  cut_verb->add_flag("--one-way", options.one_way, "Only from the first to the second");
  add_verb(app, options, "heal", "Undo every cut", status,
           [](const Options& o) { return request(o, {{"op", "heal"}}, "every cut is healed"); });
  add_verb(app, options, "down", "End the lab; its disks and logs stay", status, bring_down);
  app.require_subcommand(1);
}

}  // namespace

int lab_command(std::vector<std::string> arguments) {
  CLI::App app("Nodes of a cluster on this machine, for rehearsal and tests", "tasuki lab");
  Options options;
  int status = 0;
  add_verbs(app, options, status);
  // CLI11 takes the last argument first.
  std::ranges::reverse(arguments);
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : kNotUnderstood;
  }
  return status;
}

}  // namespace tasuki::lab
