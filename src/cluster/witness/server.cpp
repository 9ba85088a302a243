#include "cluster/witness/server.hpp"

#include <charconv>

#include <fmt/format.h>

#include "cluster/config/keys.hpp"
#include "cluster/witness/slot.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::witness {
namespace {

// What one server keeps at most: it is open to whoever reaches it.
constexpr size_t kClustersMax = 1000;
constexpr size_t kNodesMax = 64;

std::optional<uint32_t> node_of(std::string_view text) {
  uint32_t node = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), node);
  if (problem != std::errc{} || end != text.data() + text.size() || node == 0) return std::nullopt;
  return node;
}

size_t entries_of(const std::string& folder) {
  std::error_code error;
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder, error))
    ++count;
  return count;
}

// A slot's file: its sequence, and the slot itself as it was sent.
struct Kept {
  uint64_t sequence = 0;
  std::string text;
};

class Keeping {
 public:
  explicit Keeping(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<Kept> read(const std::string& cluster, uint32_t node) const {
    const auto content = read_file(file_of(cluster, node), 2 * kSlotBytesMax);
    if (!content && content.error().code == ENOENT) return Kept{};
    if (!content) return failure(content.error());
    const Json json = Json::parse(*content, nullptr, false);
    if (!json.is_object()) return Kept{0, "damaged"};
    return Kept{json.value("sequence", uint64_t{0}), json.value("text", "")};
  }

  [[nodiscard]] Result<void> write(const std::string& cluster, uint32_t node,
                                   const Kept& slot) const {
    const std::string place = folder_ + "/" + cluster;
    if (auto made = make_folders(place); !made) return made;
    return replace_file_durably(file_of(cluster, node),
                                Json{{"sequence", slot.sequence}, {"text", slot.text}}.dump());
  }

  // Whether there is room for one more.
  [[nodiscard]] bool full(const std::string& cluster) const {
    std::error_code error;
    const std::string place = folder_ + "/" + cluster;
    if (!std::filesystem::exists(place, error)) return entries_of(folder_) >= kClustersMax;
    return entries_of(place) >= kNodesMax;
  }

 private:
  [[nodiscard]] std::string file_of(const std::string& cluster, uint32_t node) const {
    return fmt::format("{}/{}/{}", folder_, cluster, node);
  }

  std::string folder_;
};

Task<api::Response> write_slot(Keeping keeping, api::Request request) {
  const std::string cluster = request.parameters.at("cluster");
  const auto node = node_of(request.parameters.at("node"));
  if (!config::is_name(cluster) || !node)
    co_return api::error_response(400, "no such cluster or node");
  if (const Json sequence = request.body.value("sequence", Json(nullptr));
      !sequence.is_number_unsigned())
    co_return api::error_response(400, "sequence is a whole number that is not negative");
  const Kept slot{request.body.at("sequence"), request.body.at("text")};
  if (slot.text.size() > kSlotBytesMax)
    co_return api::error_response(413, fmt::format("a slot has {} bytes at most", kSlotBytesMax));
  const auto known = keeping.read(cluster, *node);
  if (!known) co_return api::error_response(500, known.error().what);
  const Json replaces = request.body.value("replaces", Json(nullptr));
  if (!replaces.is_null() && replaces != known->text)
    co_return api::error_response(
        409, fmt::format("slot {} was written meanwhile, or by somebody else", *node));
  if (replaces.is_null() && slot.sequence <= known->sequence)
    co_return api::error_response(409, fmt::format("slot {} is at {} already, and {} is older",
                                                   *node, known->sequence, slot.sequence));
  if (known->text.empty() && keeping.full(cluster))
    co_return api::error_response(507, "this witness keeps as much as it may");
  if (auto done = keeping.write(cluster, *node, slot); !done)
    co_return api::error_response(500, done.error().what);
  co_return api::Response{};
}

Task<api::Response> read_slots(Keeping keeping, api::Request request) {
  const std::string cluster = request.parameters.at("cluster");
  const auto wanted = request.query.find("nodes");
  if (!config::is_name(cluster) || wanted == request.query.end())
    co_return api::error_response(400, "say whose slots: /v1/clusters/NAME/slots?nodes=1,2");
  Json slots = Json::array();
  for (const std::string_view text : split(wanted->second, ',')) {
    const auto node = node_of(text);
    if (!node || slots.size() >= kNodesMax) co_return api::error_response(400, "no such node");
    const auto kept = keeping.read(cluster, *node);
    if (!kept) co_return api::error_response(500, kept.error().what);
    slots.push_back(kept->text);
  }
  co_return api::Response{200, {{"slots", slots}}};
}

}  // namespace

void serve_slots(api::Server& server, const std::string& folder) {
  const Keeping keeping(folder);
  server.add(api::Method::post, "/v1/clusters/{cluster}/slots/{node}", api::Access::read,
             [keeping](api::Request request) { return write_slot(keeping, std::move(request)); });
  server.add(api::Method::get, "/v1/clusters/{cluster}/slots", api::Access::read,
             [keeping](api::Request request) { return read_slots(keeping, std::move(request)); });
}

}  // namespace tasuki::witness
