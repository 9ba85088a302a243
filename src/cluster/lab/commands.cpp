#include "cluster/lab/commands.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/config/parse.hpp"
#include "cluster/lab/guardian.hpp"
#include "cluster/lab/kept_config.hpp"
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

constexpr const char* kLabsFolder = "/var/lib/tasuki-lab";
// XFS takes no less than 300; the files are sparse.
constexpr uint64_t kDefaultDiskMebibytes = 512;
constexpr uint64_t kSmallestDiskMebibytes = 16;
constexpr uint64_t kLargestDiskMebibytes = uint64_t{1024} * 1024;
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

// What nobody reads any more, as behind `| head`, is no failure; fmt::print() would throw.
void print(std::FILE* output, const std::string& text) {
  std::fputs(text.c_str(), output);
  std::fflush(output);
}

int fail(const Error& error) {
  print(stderr, fmt::format("tasuki lab: {}\n", error.what));
  return kFailed;
}

// --- lab up ---

// The configuration, or none; what is wrong or odd was printed, as `tasuki config check` does.
std::optional<core::Config> read_config(const std::string& text, const std::string& file) {
  auto outcome = config::parse_config(text, file);
  for (const auto& mistake : outcome.mistakes) print(stderr, fmt::format("{}\n", to_text(mistake)));
  for (const auto& warning : outcome.warnings)
    print(stderr, fmt::format("{} (warning)\n", to_text(warning)));
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
                     .places = {.folder = folder.string(),
                                .programs = programs,
                                .cgroup = {},
                                .given = fs::canonical(options.file, error).parent_path().string()},
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

// The folder as the lab is to find it, once it is known that the nodes will take the file.
Result<void> prepare_folder(const Options& options, const LabSettings& settings) {
  const Places& places = settings.places;
  if (!options.fresh)
    if (auto fits = check_kept_config(places, settings.config_text, options.file); !fits)
      return fits;
  auto done = sweep_lab(places.folder);
  if (done && options.fresh) done = forget_nodes(places);
  if (done) done = keep_given_config(places, settings.config_text);
  return done;
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
      print(output, fmt::format("  {}\n", line));
    }
  }
  if (received.starts_with("failed\n"))
    return failure(std::string(trim(received.substr(received.find('\n')))));
  return failure("the lab ended while it started");
}

int bring_up(const Options& options) {
  if (::geteuid() != 0) return fail({"a lab needs root (namespaces, loop devices); use sudo"});
  ::signal(SIGPIPE, SIG_IGN);
  auto text = read_file(options.file, config::kConfigBytesMax);
  if (!text) return fail(text.error());
  const auto config = read_config(*text, options.file);
  if (!config) return kFailed;
  auto settings = lab_settings(options, std::move(*text), *config);
  if (!settings) return fail(settings.error());
  const std::string folder = settings->places.folder;
  auto lock = lock_lab(settings->places);
  if (!lock) return fail(lock.error());
  if (auto ready = prepare_folder(options, *settings); !ready) return fail(ready.error());

  std::FILE* const output = options.json ? stderr : stdout;
  print(output, fmt::format("lab {} in {}\n", config->cluster_name, folder));
  const std::string log = settings->places.log();
  const auto progress = start_lab(std::move(*settings), std::move(*lock));
  if (!progress) return fail(progress.error());
  if (auto ready = follow_progress(*progress, output); !ready) {
    // What was made so far is taken away before the prompt comes back.
    if (auto down = wait_until_down(folder, kDownLimit); !down) fail(down.error());
    return fail({fmt::format("{}\nThe lab's own log is {}", ready.error().what, log)});
  }
  if (!options.json) {
    print(stdout, fmt::format("it runs; ask it with: tasuki lab exec {} -- tasuki status\n"
                              "tasuki lab status shows its hosts, tasuki lab down ends it\n",
                              config->nodes.front().name));
    return 0;
  }
  const auto status = ask_lab(folder, {{"op", "status"}});
  if (!status) return fail(status.error());
  print(stdout, status->json.dump() + "\n");
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

// Sweeps, and says so: whoever looks at a lab or ends it should know that it was killed.
Result<bool> sweep_killed(const Options& options) {
  const auto folders = sweep_killed_labs(options.folder);
  if (!folders) return failure(folders.error());
  for (const auto& folder : *folders)
    print(stderr,
          fmt::format("the lab in {} was killed; what it left behind is taken away now\n", folder));
  return !folders->empty();
}

int show_status(const Options& options) {
  if (const auto swept = sweep_killed(options); !swept) return fail(swept.error());
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
  const auto killed = sweep_killed(options);
  if (!killed) return fail(killed.error());
  const auto folder = find_lab(options.folder);
  if (!folder) return *killed ? 0 : fail(folder.error());
  const auto asked = ask_lab(*folder, {{"op", "down"}});
  if (fs::exists(*folder))
    if (auto down = wait_until_down(*folder, kDownLimit); !down) return fail(down.error());
  const auto left = find_leftovers(*folder);
  if (!left.empty()) return fail({fmt::format("still there: {}", fmt::join(left, "; "))});
  if (!asked && !*killed) return fail(asked.error());
  fmt::print(
      "the lab is down: no process, mount, loop device, network or cgroup of it is left\n"
      "its disks and logs are in {}\n",
      *folder);
  return 0;
}

// --- the command line ---

using Ended = std::function<void(int)>;

constexpr const char* kHostMeaning = "its name: a node's, \"client\" or \"witness\"";

struct Verb {
  CLI::App& app;
  std::shared_ptr<Options> options;
};

Verb add_verb(CLI::App& family, const Ended& ended, const std::string& name,
              const std::string& description, std::function<int(const Options&)> run) {
  auto& app = *family.add_subcommand(name, description);
  const auto options = std::make_shared<Options>();
  app.add_option("--dir", options->folder, "the lab's folder; needed only when several labs run")
      ->type_name("DIR");
  app.callback([options, ended, run = std::move(run)] { ended(run(*options)); });
  return {app, options};
}

void add_up(CLI::App& family, const Ended& ended) {
  const auto [up, options] = add_verb(
      family, ended, "up",
      "Bring the nodes of a configuration up, each in namespaces of its own\n"
      "Disks and the nodes' state are kept for the next time. A node that has an applied "
      "configuration keeps that one, so another file is refused: give --fresh, or change the "
      "cluster with tasuki config apply in one of its nodes. What the lab itself did is in lab.log "
      "in its folder. Needs root.",
      bring_up);
  up.footer("tasuki lab up cluster.toml\ntasuki lab up cluster.toml --fresh --dir /tmp/lab");
  up.add_option("FILE", options->file, "the configuration")->required();
  up.get_option("--dir")->description(
      fmt::format("the lab's folder, by default {}/ and the cluster's name", kLabsFolder));
  up.add_flag("--fresh", options->fresh, "make the disks and the nodes' state anew");
  up.add_option("--disk-size", options->disk_mebibytes,
                fmt::format("of a new disk in MiB, by default {}", kDefaultDiskMebibytes))
      ->type_name("MIB")
      ->check(CLI::Range(kSmallestDiskMebibytes, kLargestDiskMebibytes));
  up.add_option("--client-address", options->client_address,
                "of the host \"client\", by default the first free one from .200 on")
      ->type_name("ADDRESS");
  up.add_flag("--json", options->json, "print what status prints when it runs, as JSON");
}

void add_exec(CLI::App& family, const Ended& ended) {
  const auto [exec, options] = add_verb(
      family, ended, "exec",
      "Run a command in a host\n"
      "It has this terminal, and ends with what the command ends with. Write -- before a command "
      "with options of its own. In a node the machine's files are seen, but for /tmp, /run, /dev "
      "and /etc/tasuki, which are its own; what it changes, no other sees.",
      run_in_host);
  exec.footer(
      "tasuki lab exec sv1 -- tasuki status\n"
      "tasuki lab exec sv1 -- tee /etc/tasuki/new.toml <new.toml");
  exec.add_option("HOST", options->host, kHostMeaning)->required();
  exec.add_option("COMMAND", options->command, "the command and its arguments")->required();
}

// One that asks for a thing to be done to a host; `done` is said of it behind its name.
Verb add_host_verb(CLI::App& family, const Ended& ended, const std::string& name,
                   const std::string& description, const std::string& done) {
  const auto verb = add_verb(family, ended, name, description, [name, done](const Options& o) {
    Json what{{"op", name}, {"host", o.host}};
    if (o.paused) what["paused"] = true;
    return request(o, what,
                   fmt::format("{} {}{}", o.host, done, o.paused ? " with its watchdog" : ""));
  });
  verb.app.footer(fmt::format("tasuki lab {} sv1", name));
  verb.app.add_option("HOST", verb.options->host, kHostMeaning)->required();
  return verb;
}

void add_host_verbs(CLI::App& family, const Ended& ended) {
  add_host_verb(family, ended, "kill", "Pull a host's plug: nothing is written any more", "is off");
  add_host_verb(family, ended, "start", "Switch a host on that is off", "is on");
  const auto [freeze, options] = add_host_verb(
      family, ended, "freeze", "Stop everything in a host, as a hung system; its watchdog goes on",
      "is frozen");
  freeze.add_flag("--paused", options->paused,
                  "stop the watchdog too, as when a virtual machine is paused");
  add_host_verb(family, ended, "thaw", "Let a frozen host go on", "goes on");
}

void add_network_verbs(CLI::App& family, const Ended& ended) {
  const auto [cut_verb, options] =
      add_verb(family, ended, "cut", "Cut the network between two hosts, or of one from all", cut);
  cut_verb.footer("tasuki lab cut sv1 sv2\ntasuki lab cut sv1 client --one-way");
  cut_verb.add_option("HOST", options->host, kHostMeaning)->required();
  cut_verb.add_option("OTHER", options->other, "the other host; all of them when absent");
  cut_verb.add_flag("--one-way", options->one_way, "only from the first to the second");
  add_verb(family, ended, "heal", "Undo every cut",
           [](const Options& o) { return request(o, {{"op", "heal"}}, "every cut is healed"); });
}

}  // namespace

void add_verbs(CLI::App& family, const Ended& ended) {
  family.require_subcommand(1);
  add_up(family, ended);
  const auto [status, options] = add_verb(
      family, ended, "status", "Show the hosts of the lab, their addresses and disks", show_status);
  status.add_flag("--json", options->json, "as JSON");
  add_exec(family, ended);
  add_host_verbs(family, ended);
  add_network_verbs(family, ended);
  add_verb(family, ended, "down",
           "End the lab; its disks, logs and the nodes' state stay in its folder\n"
           "Also takes away what a lab left behind whose processes were all killed.",
           bring_down);
}

std::vector<std::string> find_hosts() {
  const auto folder = find_lab({});
  if (!folder) return {};
  const auto status = ask_lab(*folder, {{"op", "status"}});
  if (!status) return {};
  std::vector<std::string> names;
  for (const auto& host : status->json.at("hosts")) names.push_back(host.at("name"));
  return names;
}

}  // namespace tasuki::lab
