// How long interpreting each sample script takes when its commands do nothing: decoding the file's
// bytes, and every step from the first line to the end. The longest should stay below 5 ms.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "cluster/batch/trace.hpp"
#include "kit/assert.hpp"
#include "kit/file.hpp"

namespace tasuki::batch {
namespace {

constexpr int kRounds = 1000;

class NoCommands : public Surroundings {
 public:
  Answer answer(const Effect& effect) override {
    if (std::holds_alternative<RunCommand>(effect.action)) return Exited{};
    if (std::holds_alternative<AskMoment>(effect.action))
      return Moment{"2026/10/05", "14:03:22.25", "12345"};
    return Done{};
  }
};

struct Sample {
  std::string path;
  std::string bytes;
};

// The longest first.
std::vector<Sample> read_samples() {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(TASUKI_BATCH_SAMPLES)) {
    if (!entry.is_regular_file()) continue;
    if (auto bytes = read_file(entry.path())) samples.push_back({entry.path(), std::move(*bytes)});
  }
  std::ranges::sort(samples, std::greater{},
                    [](const Sample& sample) { return sample.bytes.size(); });
  return samples;
}

size_t run_once(const Sample& sample) {
  auto script = read_script(sample.path, sample.bytes);
  TASUKI_ASSERT(script);
  Environment environment;
  environment.set("ARMS_EVENT", "START");
  environment.set("ARMS_SERVER", "OTHER");
  environment.set("ARMS_DISK", "SUCCESS");
  NoCommands surroundings;
  const Trace traced = trace({.script = std::make_shared<const Script>(std::move(*script)),
                              .name = "start.bat",
                              .full_path = sample.path,
                              .arguments = {},
                              .environment = std::move(environment),
                              .folder = "/"},
                             surroundings);
  TASUKI_ASSERT(!traced.failure);
  return traced.commands.size();
}

void measure(const Sample& sample) {
  std::vector<double> microseconds;
  size_t commands = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    commands = run_once(sample);
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - begun;
    microseconds.push_back(taken.count());
  }
  std::ranges::sort(microseconds);
  fmt::print("{}: {} bytes, {} commands: median {:.0f} us, worst {:.0f} us of {} rounds\n",
             std::filesystem::path(sample.path).lexically_relative(TASUKI_BATCH_SAMPLES).string(),
             sample.bytes.size(), commands, microseconds[microseconds.size() / 2],
             microseconds.back(), kRounds);
}

}  // namespace
}  // namespace tasuki::batch

int main() {
  for (const auto& sample : tasuki::batch::read_samples()) tasuki::batch::measure(sample);
}
