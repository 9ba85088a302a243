#include "cluster/lab/kept_config.hpp"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "cluster/config/parse.hpp"
#include "cluster/proto/codec.hpp"
#include "kit/file.hpp"

namespace tasuki::lab {
namespace {

namespace fs = std::filesystem;

std::optional<core::Config> read_config(const std::string& text) {
  return config::parse_config(text, "").config;
}

// The text of the newest version that a node has; a node that was down may have an earlier one. A
// state that cannot be read is its tasukid's to complain of.
std::optional<std::string> find_applied_text(const Places& places) {
  core::AppliedConfig newest;
  std::error_code error;
  for (const auto& node : fs::directory_iterator(places.folder + "/nodes", error)) {
    const auto text = read_file(node.path().string() + "/state/state.json");
    if (!text) continue;
    auto state = proto::decode_state_file(*text, read_config);
    if (state && state->durable.applied.counter > newest.counter)
      newest = std::move(state->durable.applied);
  }
  if (newest.counter == 0) return std::nullopt;
  return std::move(newest.text);
}

}  // namespace

Result<void> check_kept_config(const Places& places, const std::string& text,
                               const std::string& file) {
  const auto applied = find_applied_text(places);
  if (!applied || *applied == text) return {};
  const auto given = read_file(places.given_config());
  if (given && *given == text) return {};
  return failure(fmt::format(
      "the nodes in {} keep the configuration that was applied last and would ignore {}, which is "
      "another one. Either begin anew with it: give --fresh, which also empties the disks. Or "
      "bring "
      "the lab up with {}, as it was the last time, and change it there: tasuki lab exec NODE -- "
      "tasuki config apply FILE",
      places.folder, file, places.given_config()));
}

Result<void> keep_given_config(const Places& places, const std::string& text) {
  return replace_file_durably(places.given_config(), text, 0644);
}

}  // namespace tasuki::lab
