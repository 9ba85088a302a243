#include "cluster/membership/corosync_conf.hpp"

#include <sodium.h>

#include <fmt/format.h>

#include "cluster/core/state.hpp"
#include "kit/assert.hpp"

namespace tasuki::membership {
namespace {

constexpr size_t kAuthkeyBytes = 256;
// How often the token goes round at full speed after a message before it rests: time enough to send
// again what was lost. Corosync's own 30 take the processors for 10 ms after each message, which is
// when what the message told of is to be done.
constexpr int kRotationsBeforeRest = 3;

// Sections and keys, each on a line of its own: Corosync's parser refuses "}" beside anything.
class ConfWriter {
 public:
  void open(std::string_view section) {
    text_ += fmt::format("{:{}}{} {{\n", "", indent_, section);
    indent_ += kIndent;
  }
  void close() {
    indent_ -= kIndent;
    text_ += fmt::format("{:{}}}}\n", "", indent_);
  }
  template <class Value>
  void set(std::string_view key, const Value& value) {
    text_ += fmt::format("{:{}}{}: {}\n", "", indent_, key, value);
  }
  void set(std::string_view key, std::chrono::milliseconds value) { set(key, value.count()); }

  std::string take() { return std::move(text_); }

 private:
  static constexpr int kIndent = 2;
  std::string text_;
  int indent_ = 0;
};

void write_totem(ConfWriter& out, const core::Config& config, const core::Timing& timing,
                 const CorosyncFiles& files) {
  out.open("totem");
  out.set("version", 2);
  out.set("cluster_name", config.cluster_name);
  out.set("transport", "knet");
  out.set("crypto_cipher", "aes256");
  out.set("crypto_hash", "sha256");
  out.set("keyfile", files.authkey);
  out.set("token", timing.token);
  // Nothing is added per node: `token` alone decides how long detection takes.
  out.set("token_coefficient", 0);
  out.set("consensus", timing.consensus);
  out.set("token_retransmits_before_loss_const", timing.token_retransmits_before_loss_const);
  out.set("seqno_unchanged_const", kRotationsBeforeRest);
  for (size_t link = 0; link < config.nodes.front().addresses.size(); ++link) {
    out.open("interface");
    out.set("linknumber", link);
    out.set("knet_ping_interval", timing.knet_ping_interval);
    out.set("knet_ping_timeout", timing.knet_ping_timeout);
    out.close();
  }
  out.close();
}

void write_nodes(ConfWriter& out, const core::Config& config) {
  out.open("nodelist");
  for (const core::Node& node : config.nodes) {
    out.open("node");
    for (size_t link = 0; link < node.addresses.size(); ++link)
      out.set(fmt::format("ring{}_addr", link), node.addresses[link]);
    out.set("name", node.name);
    out.set("nodeid", node.id);
    out.close();
  }
  out.close();
}

void write_witness(ConfWriter& out, const core::Witness& witness, const core::Timing& timing) {
  out.open("device");
  out.set("model", "net");
  out.set("votes", 1);
  out.set("timeout", timing.qdevice_timeout);
  out.set("sync_timeout", timing.qdevice_sync_timeout);
  out.open("net");
  out.set("host", witness.address);
  out.set("port", witness.port);
  out.set("algorithm", "ffsplit");
  // Not "on", which would go on in the clear with whoever claims to know no TLS.
  out.set("tls", witness.tls ? "required" : "off");
  out.close();
  out.close();
}

void write_logging(ConfWriter& out, const CorosyncFiles& files) {
  const bool to_file = !files.log.empty();
  out.open("logging");
  out.set("to_stderr", "no");
  out.set("to_syslog", to_file ? "no" : "yes");
  out.set("to_logfile", to_file ? "yes" : "no");
  if (to_file) {
    out.set("logfile", files.log);
    out.set("timestamp", "hires");
  }
  out.close();
}

}  // namespace

std::string corosync_conf(const core::Config& config, const core::Timing& timing,
                          const CorosyncFiles& files) {
  TASUKI_ASSERT(config.nodes.size() >= 2);
  ConfWriter out;
  write_totem(out, config, timing, files);
  write_nodes(out, config);
  out.open("quorum");
  out.set("provider", "corosync_votequorum");
  // Of another kind of witness Corosync knows nothing: the nodes count its vote.
  if (core::witness_votes(config) > 0 && !core::nodes_judge_witness(config))
    write_witness(out, *config.witness, timing);
  out.close();
  write_logging(out, files);
  return out.take();
}

std::string make_authkey() {
  const int status = sodium_init();
  TASUKI_ASSERT(status >= 0);
  std::string key(kAuthkeyBytes, '\0');
  randombytes_buf(key.data(), key.size());
  return key;
}

}  // namespace tasuki::membership
