#include "cluster/runner/store.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {
namespace {

// As many configurations are kept as anybody will look at; older ones are removed.
constexpr size_t kHistoryMax = 100;

std::string history_file(const std::string& folder, uint64_t counter) {
  return fmt::format("{}/config/{:06}.json", folder, counter);
}

std::vector<std::string> history_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/config", ignored))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::ranges::sort(files, std::greater{});
  return files;
}

Result<void> write_all(const std::string& folder, const proto::StateFile& file) {
  if (auto made = make_folders(folder + "/config"); !made) return made;
  const core::AppliedConfig& applied = file.durable.applied;
  const std::string kept = history_file(folder, applied.counter);
  const Json record = {{"counter", applied.counter},
                       {"hash", applied.hash},
                       {"text", applied.text},
                       {"applied_at", applied.applied_at},
                       {"applied_by", applied.applied_by}};
  const std::string text = record.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (const auto old = read_file(kept); applied.counter > 0 && (!old || *old != text)) {
    if (auto done = replace_file_durably(kept, text); !done) return done;
    const auto files = history_files(folder);
    for (size_t i = kHistoryMax; i < files.size(); ++i) std::filesystem::remove(files[i]);
  }
  return replace_file_durably(folder + "/state.json", proto::encode_state_file(file));
}

}  // namespace

Store::Store(asio::io_context& io, std::string folder) : io_(io), folder_(std::move(folder)) {}

Result<std::optional<proto::StateFile>> Store::load(const proto::ConfigReader& read_config) const {
  const std::string path = folder_ + "/state.json";
  const auto text = read_file(path);
  if (!text && text.error().code == ENOENT) return std::nullopt;
  if (!text) return failure(text.error());
  auto file = proto::decode_state_file(*text, read_config);
  if (!file) return failure(file.error().during(path));
  return std::move(*file);
}

void Store::write(const proto::StateFile& file, std::function<void()> written) {
  asio::post(writer_, [this, file, written = std::move(written)]() mutable {
    if (auto done = write_all(folder_, file); !done) {
      log::error("the state cannot be kept: {}; this node stops", done.error().what);
      std::_Exit(EXIT_FAILURE);
    }
    asio::post(io_, std::move(written));
  });
}

std::vector<core::AppliedConfig> Store::history() const {
  std::vector<core::AppliedConfig> versions;
  for (const std::string& path : history_files(folder_)) {
    const auto text = read_file(path);
    if (!text) continue;
    const Json json = Json::parse(*text, nullptr, false);
    if (json.is_discarded()) continue;
    core::AppliedConfig applied;
    applied.counter = json.value("counter", uint64_t{0});
    applied.hash = json.value("hash", "");
    applied.text = json.value("text", "");
    applied.applied_at = json.value("applied_at", "");
    applied.applied_by = json.value("applied_by", "");
    versions.push_back(std::move(applied));
  }
  return versions;
}

}  // namespace tasuki::runner
