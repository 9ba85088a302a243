#include <csignal>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "cluster/cli/child.hpp"
#include "cluster/cli/verbs.hpp"
#include "cluster/config/keys.hpp"
#include "cluster/config/parse.hpp"
#include "cluster/core/state.hpp"
#include "cluster/membership/qnetd_certificate.hpp"
#include "cluster/systemd/systemctl.hpp"
#include "cluster/witness/server.hpp"
#include "cluster/witness/slots.hpp"
#include "kit/file.hpp"

namespace tasuki::cli {
namespace {

struct ServeOptions {
  std::string address = "0.0.0.0";
  uint16_t port = 5404;
  std::string folder = "/var/lib/tasuki/witness";
};

// As long as a request that is being answered may take.
constexpr std::chrono::seconds kFinishLimit{5};

void serve(Context& context, const ServeOptions& options) {
  if (auto made = make_folders(options.folder); !made)
    return context.fail(api::Exit::failed, made.error().what);
  asio::io_context io(1);
  api::Server server(io, api::TcpPlace{options.address, options.port});
  witness::serve_slots(server, options.folder);
  if (auto started = server.start(); !started)
    return context.fail(api::Exit::failed, started.error().what);
  context.terminal.print(fmt::format("serves at {} port {}, and keeps what it is given in {}\n",
                                     options.address, options.port, options.folder));
  asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([&](boost::system::error_code, int) {
    start_task(io.get_executor(), server.finish(kFinishLimit));
  });
  io.run();
}

void prepare(Context& context, const std::string& file) {
  const auto text = read_file(file);
  if (!text) return context.fail(api::Exit::failed, text.error().what);
  const auto outcome = config::parse_config(*text, file);
  if (!outcome.config) {
    for (const auto& mistake : outcome.mistakes) context.terminal.print(to_text(mistake) + "\n");
    return context.fail(api::Exit::failed, "correct the configuration first");
  }
  const auto slots = core::slot_place(*outcome.config);
  const auto& witness = slots ? slots : outcome.config->witness;
  if (!witness) return context.fail(api::Exit::failed, file + " has no [witness] and no [lease]");
  const std::string& cluster = outcome.config->cluster_name;
  Result<void> done;
  if (witness->type == core::WitnessType::disk)
    done = witness::prepare_disk(witness->place, cluster, outcome.config->nodes.back().id);
  else if (witness->type == core::WitnessType::folder)
    done = witness::prepare_folder(witness->place, cluster);
  else
    return context.terminal.print(
        fmt::format("The witness {} needs no preparing; on that machine run {}\n", witness->name(),
                    witness->type == core::WitnessType::http ? "tasuki witness serve"
                                                             : "tasuki witness qnetd " + cluster));
  if (!done) return context.fail(api::Exit::failed, done.error().what);
  context.terminal.print(fmt::format("{} is prepared for cluster {}\n", witness->place, cluster));
}

// Debian's package makes its user and its service, and starts it where systemd runs.
Result<void> install_qnetd(Terminal& terminal) {
  if (std::filesystem::exists("/usr/bin/corosync-qnetd")) return {};
  terminal.print("Installing corosync-qnetd\n");
  const ChildCommand apt{
      .command = {"apt-get", "install", "--yes", "--no-install-recommends", "corosync-qnetd"},
      .environment = {{"DEBIAN_FRONTEND", "noninteractive"}}};
  const auto end = run_child(apt, std::chrono::seconds(1), [] { return true; });
  if (!end) return failure(end.error());
  if (end->status == 0) return {};
  return failure(
      "corosync-qnetd could not be installed; say apt-get update && apt-get install "
      "corosync-qnetd");
}

// One that runs does not see a new authority.
Result<void> start_qnetd(bool has_new_authority) {
  if (!systemd::is_running()) return {};
  if (auto enabled = systemd::run({"enable", "--now", "corosync-qnetd"}); !enabled) return enabled;
  return has_new_authority ? systemd::run({"restart", "corosync-qnetd"}) : Result<void>();
}

Result<void> make_qnetd(Terminal& terminal, const std::string& cluster, const std::string& file) {
  if (std::filesystem::exists(file))
    return failure(file + " is there already and is kept; remove it, or name another with --out");
  if (auto installed = install_qnetd(terminal); !installed) return installed;
  const auto is_new = membership::make_qnetd_authority();
  if (!is_new) return failure(is_new.error());
  if (auto started = start_qnetd(*is_new); !started) return started;
  return membership::make_qnetd_certificate(cluster, file);
}

void set_up_qnetd(Context& context, const std::string& cluster, std::string file) {
  if (!config::is_name(cluster))
    return context.fail(api::Exit::usage, fmt::format("\"{}\" is no name of a cluster", cluster));
  if (::geteuid() != 0)
    return context.fail(api::Exit::failed,
                        "a qnetd is set up by root, on the machine where it runs");
  if (file.empty()) file = cluster + ".p12";
  if (const auto done = make_qnetd(context.terminal, cluster, file); !done)
    return context.fail(api::Exit::failed, done.error().what);
  context.terminal.print(
      fmt::format("{0} is made. Copy it to /etc/tasuki/witness.p12 on every server of cluster {1}, "
                  "readable by root alone, and then apply a configuration that has this machine's "
                  "address:\n\n    [witness]\n    address = \"...\"\n{2}",
                  file, cluster,
                  systemd::is_running()
                      ? ""
                      : "\nNo systemd runs here: have corosync-qnetd -f run and started again.\n"));
}

}  // namespace

void add_witness_verbs(CLI::App& root, Context& context) {
  auto& family =
      *root.add_subcommand("witness", "Set up where servers keep slots: a witness, a lease disk");
  family.require_subcommand(1);

  auto& preparing = *family.add_subcommand(
      "prepare",
      "Prepare the disk or folder that the configuration names under [witness] or [lease]\n"
      "Once, on one server. What has content of somebody else is refused. A web server needs no "
      "preparing.");
  preparing.footer("tasuki witness prepare /etc/tasuki/cluster.toml");
  const auto file = std::make_shared<std::string>("/etc/tasuki/cluster.toml");
  preparing.add_option("FILE", *file, "the configuration, by default /etc/tasuki/cluster.toml");
  preparing.callback([&context, file] { prepare(context, *file); });

  auto& qnetd = *family.add_subcommand(
      "qnetd",
      "Make this machine a qnetd, and the certificate of a cluster\n"
      "Once for each cluster, by root, on a third machine that is none of its servers. Installs "
      "corosync-qnetd where it is missing. The file that it makes goes to every server.");
  qnetd.footer("tasuki witness qnetd office");
  const auto cluster = std::make_shared<std::string>();
  const auto made = std::make_shared<std::string>();
  qnetd.add_option("CLUSTER", *cluster, "the cluster's name in its configuration")->required();
  qnetd.add_option("--out", *made, "the certificate's file, by default CLUSTER.p12 here")
      ->type_name("FILE");
  qnetd.callback([&context, cluster, made] { set_up_qnetd(context, *cluster, *made); });

  auto& serving = *family.add_subcommand(
      "serve",
      "Be the witness of any number of clusters, on a machine that is none of their servers\n"
      "A small web server that keeps a few hundred bytes for each server. It needs no "
      "configuration and no key: what is forged no cluster believes. Runs until it is stopped.");
  serving.footer("tasuki witness serve --port 5404");
  const auto options = std::make_shared<ServeOptions>();
  serving
      .add_option("--address", options->address,
                  "where it listens, by default every IPv4 address (\"::\": IPv6 too)")
      ->type_name("ADDRESS");
  serving.add_option("--port", options->port, "its TCP port, by default 5404")->type_name("PORT");
  serving
      .add_option("--folder", options->folder,
                  "where it keeps what it is given, by default /var/lib/tasuki/witness")
      ->type_name("FOLDER");
  serving.callback([&context, options] { serve(context, *options); });
}

}  // namespace tasuki::cli
