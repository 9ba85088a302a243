// The client's side of `tasuki witness serve`.
#include <map>

#include <fmt/format.h>

#include "cluster/api/client.hpp"
#include "cluster/api/router.hpp"
#include "cluster/witness/slot_places.hpp"

namespace tasuki::witness {
namespace {

// Longer than a server that is busy, shorter than a vote lasts.
constexpr std::chrono::milliseconds kAnswerLimit{1500};

class HttpSlots final : public Slots {
 public:
  HttpSlots(const core::Witness& witness, const std::string& cluster)
      : client_("the witness", {witness.address, witness.port}, kAnswerLimit),
        base_(fmt::format("/v1/clusters/{}/slots", api::percent_encode(cluster))) {}

  Result<void> write(core::NodeId node, uint64_t sequence, const std::string& text) override {
    if (!known_.contains(node))
      if (auto texts = read({node}); !texts) return failure(texts.error());
    // Of a write that failed nobody knows whether it came there.
    const std::string replaces = std::move(known_.extract(node).mapped());
    const auto reply =
        client_.post(fmt::format("{}/{}", base_, node),
                     {{"sequence", sequence}, {"text", text}, {"replaces", replaces}});
    auto done = reply ? check(*reply) : failure(reply.error());
    if (done) known_[node] = text;
    return done;
  }

  Result<SlotTexts> read(const std::vector<core::NodeId>& nodes) override {
    std::string wanted;
    for (const core::NodeId node : nodes)
      wanted += fmt::format("{}{}", wanted.empty() ? "" : ",", node);
    const auto reply = client_.get(fmt::format("{}?nodes={}", base_, wanted));
    if (!reply) return failure(reply.error());
    if (auto fine = check(*reply); !fine) return failure(fine.error());
    SlotTexts texts;
    const Json slots = reply->body.value("slots", Json::array());
    for (size_t place = 0; place < nodes.size(); ++place) {
      if (place >= slots.size() || !slots[place].is_string())
        return failure("the witness answered something else than slots");
      texts.emplace_back(nodes[place], slots[place].get<std::string>());
      known_[nodes[place]] = texts.back().second;
    }
    return texts;
  }

 private:
  static Result<void> check(const api::Reply& reply) {
    if (reply.status < 400) return {};
    return failure("the witness answered: " + reply.body.value("error", "an error"));
  }

  api::Client client_;
  std::string base_;
  std::map<core::NodeId, std::string> known_;  // what was found last
};

}  // namespace

std::unique_ptr<Slots> open_server(const core::Witness& witness, const std::string& cluster) {
  return std::make_unique<HttpSlots>(witness, cluster);
}

}  // namespace tasuki::witness
