#include "cluster/runner/engine_config.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sodium.h>
#include <sys/file.h>

#include <fmt/format.h>

#include "cluster/config/parse.hpp"
#include "cluster/core/timing.hpp"
#include "cluster/membership/corosync_conf.hpp"
#include "cluster/membership/qnetd_certificate.hpp"
#include "cluster/runner/clock.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/program.hpp"

namespace tasuki::runner {
namespace {

constexpr std::chrono::seconds kReloadLimit{30};

}  // namespace

std::optional<core::Config> read_config(const std::string& text) {
  return config::parse_config(text, "").config;
}

std::string hash_of(const std::string& text) {
  unsigned char digest[crypto_generichash_BYTES];
  // libsodium documents crypto_generichash without a key as never failing.
  crypto_generichash(digest, sizeof digest, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  std::string hash;
  for (const unsigned char byte : digest) hash += fmt::format("{:02x}", byte);
  return hash;
}

Result<proto::StateFile> load_state(const NodePaths& paths, const std::string& node_name) {
  asio::io_context unused;
  auto kept = Store(unused, paths.state_folder).load(read_config);
  if (!kept) return failure(kept.error());
  const bool has_config = *kept && (*kept)->durable.applied.counter > 0;
  const core::Config* const applied = has_config ? &(*kept)->durable.applied.config : nullptr;
  if (applied != nullptr && applied->find_node(node_name) != nullptr) return std::move(**kept);

  const auto text = read_file(paths.initial_config);
  if (!text) return failure(text.error().during("this server has no configuration yet"));
  auto parsed = config::parse_config(*text, paths.initial_config);
  if (!parsed.config) {
    std::string mistakes;
    for (const auto& mistake : parsed.mistakes) mistakes += "\n" + to_text(mistake);
    return failure("the initial configuration has mistakes:" + mistakes);
  }
  // A node that was removed begins anew, as a new one does, when a file says that it belongs there.
  const bool belongs = parsed.config->find_node(node_name) != nullptr &&
                       (applied == nullptr || parsed.config->cluster_name == applied->cluster_name);
  if (applied != nullptr && !belongs)
    return failure(fmt::format(
        "configuration {} of cluster {} has no node \"{}\" any more; if it is to come back, add it "
        "on another server, put that configuration into {} here, and start tasukid again",
        (*kept)->durable.applied.counter, applied->cluster_name, node_name, paths.initial_config));
  proto::StateFile state;
  state.forgetful = applied != nullptr;
  state.durable.applied = {1, hash_of(*text), *text, time_of_day(), node_name, *parsed.config};
  return state;
}

Result<bool> write_corosync_conf(const core::Config& config, const NodePaths& paths) {
  if (config.nodes.size() < 2) return false;
  const auto timing = core::derive_timing(config);
  if (!timing) return failure(timing.error());
  const std::string text = membership::corosync_conf(config, *timing, {paths.authkey, ""});
  const std::string folder = std::filesystem::path(paths.corosync_conf).parent_path().string();
  if (auto made = make_folders(folder); !made) return failure(made.error());
  // At a boot tasukid and what comes before Corosync do this at once.
  const Fd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return errno_failure("lock " + folder);
  const auto old = read_file(paths.corosync_conf);
  if (old && *old == text) return false;
  if (auto done = replace_file_durably(paths.corosync_conf, text, 0640); !done)
    return failure(done.error());
  return true;
}

Result<void> reload_corosync() {
  const auto reloaded = run_to_success({"/usr/sbin/corosync-cfgtool", "-R"}, after(kReloadLimit));
  if (reloaded) return {};
  return failure(reloaded.error().during("Corosync still runs with its old settings"));
}

Result<void> install_witness_certificate(const core::Config& config, const NodePaths& paths) {
  const auto& witness = config.witness;
  if (!witness || witness->type != core::WitnessType::qnetd || !witness->tls) return {};
  return membership::install_qnetd_certificate(paths.witness_certificate, paths.witness_database);
}

}  // namespace tasuki::runner
