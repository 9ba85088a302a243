#include "cluster/simulation/surroundings.hpp"

namespace tasuki::simulation {
namespace {

constexpr size_t kDecodedMax = 1024;

}  // namespace

const core::Message& Surroundings::decode(const std::string& text) {
  const auto known = decoded.find(text);
  if (known != decoded.end()) return known->second;
  if (decoded.size() >= kDecodedMax) decoded.clear();
  auto message = proto::decode(text, [this](const auto& config) { return read_config(config); });
  return decoded.emplace(text, std::move(message.value())).first->second;
}

}  // namespace tasuki::simulation
