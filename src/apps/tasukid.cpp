// tasukid: one node of a cluster. It takes part in the membership, decides with the others, and has
// this node's part carried out.
#include <csignal>
#include <filesystem>
#include <sodium.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include "cluster/runner/control.hpp"
#include "cluster/runner/engine_config.hpp"
#include "cluster/runner/node.hpp"
#include "kit/log.hpp"

namespace {

using namespace tasuki;

constexpr int kExitUsage = 2;

struct Arguments {
  std::string node;
  bool write_engine_config = false;
  runner::NodePaths paths;
};

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

// The folder of this program.
std::filesystem::path own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

// Beside the program where it was built; elsewhere where install.md puts them.
std::string default_arm_commands() {
  std::error_code error;
  const auto beside = own_folder() / "commands";
  if (std::filesystem::is_directory(beside, error)) return beside;
  return "/usr/local/lib/tasuki/commands";
}

Task<void> run(runner::Node& node, api::Server& server, asio::io_context& io) {
  if (auto started = co_await node.start(); !started) {
    log::error("{}", started.error().what);
    std::_Exit(EXIT_FAILURE);
  }
  if (auto started = server.start(); !started) {
    log::error("{}", started.error().what);
    std::_Exit(EXIT_FAILURE);
  }
  log::notice("tasukid runs as {}", node.name());

  asio::signal_set signals(io, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::use_awaitable);
  log::notice("{} leaves the cluster", node.name());
  co_await node.leave();
  co_await server.finish(std::chrono::seconds(1));
  log::notice("{} has left the cluster", node.name());
  io.stop();
}

int serve(const Arguments& arguments, const proto::StateFile& state, const core::Node& self) {
  asio::io_context io(1);
  runner::LogTail tail;
  log::also_to([&tail](log::Level, std::string_view line) {
    tail.add(runner::time_of_day() + " " + std::string(line));
  });
  {
    runner::Node node(io, arguments.paths, self.id, state);
    // The keeper has them in its own log too, which is kept.
    node.on_output([&tail](const process::Output& output) {
      tail.add(fmt::format("{} {} {}: {}", runner::time_of_day(), output.name.group,
                           output.name.key, output.line));
    });
    api::Server server(io, api::SocketFile{.path = arguments.paths.control_socket});
    runner::add_routes(server, node, tail);
    start_task(io.get_executor(), run(node, server, io));
    io.run();
  }
  log::also_to(nullptr);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  arguments.node = host_name();
  CLI::App app(
      "One node of a Tasuki cluster. It is started by the service manager, after "
      "tasuki-keeper and corosync.");
  app.add_option("--node", arguments.node, "This node's name in the configuration")
      ->capture_default_str();
  app.add_flag("--write-engine-config", arguments.write_engine_config,
               "Write Corosync's configuration from the applied one, and end");
  app.add_option("--state", arguments.paths.state_folder, "Folder of the durable state")
      ->capture_default_str();
  app.add_option("--config", arguments.paths.initial_config,
                 "Configuration of a node that has none yet")
      ->capture_default_str();
  arguments.paths.arm_commands = default_arm_commands();
  arguments.paths.tasuki = own_folder() / "tasuki";
  app.add_option("--commands", arguments.paths.arm_commands,
                 "Folder of the ARM commands, which scripts find before all others")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? EXIT_SUCCESS : kExitUsage;
  }
  if (::sodium_init() < 0) {
    log::error("libsodium cannot start");
    return EXIT_FAILURE;
  }

  auto state = runner::load_state(arguments.paths, arguments.node);
  if (!state) {
    log::error("{}", state.error().what);
    return EXIT_FAILURE;
  }
  const core::Config& config = state->durable.applied.config;
  const core::Node* self = config.find_node(arguments.node);
  if (self == nullptr) {
    log::error(
        "the configuration of cluster {} has no node \"{}\"; start with --node NAME or add it",
        config.cluster_name, arguments.node);
    return EXIT_FAILURE;
  }
  if (auto written = runner::write_corosync_conf(config, arguments.paths); !written) {
    log::error("{}", written.error().what);
    return EXIT_FAILURE;
  }
  if (arguments.write_engine_config) {
    // Without its certificate the witness gives no vote; Corosync runs all the same.
    if (auto installed = runner::install_witness_certificate(config, arguments.paths); !installed)
      log::warning("{}", installed.error().what);
    return EXIT_SUCCESS;
  }
  const core::Node own = *self;
  return serve(arguments, *state, own);
}
