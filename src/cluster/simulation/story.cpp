#include "cluster/simulation/story.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::simulation {
namespace {

// Equal lines of several nodes within this are one.
constexpr Time kTogether = 2s;

}  // namespace

void Story::add(const Line& line) {
  if (!line.node) return told_.push_back({line.time, {}, line.note});
  const std::string by = config_.node_name(*line.node);
  for (auto told = told_.rbegin(); told != told_.rend() && line.time - told->time < kTogether;
       ++told) {
    const bool same = !told->by.empty() && told->note.subject == line.note.subject &&
                      told->note.text == line.note.text;
    if (!same || std::ranges::find(told->by, by) != told->by.end()) continue;
    told->by.push_back(by);
    std::ranges::sort(told->by);
    return;
  }
  told_.push_back({line.time, {by}, line.note});
}

std::vector<std::string> Story::lines() const {
  std::vector<std::string> lines;
  for (const Told& told : told_) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(told.time);
    const std::string by = told.by.empty() ? "" : join(told.by, ",") + " ";
    const std::string mark = told.note.subject == kDeedSubject ? "> " : told.note.subject + ": ";
    lines.push_back(fmt::format("{:>5}.{:03} {}{}{}", milliseconds.count() / 1000,
                                milliseconds.count() % 1000, by, mark, told.note.text));
  }
  return lines;
}

}  // namespace tasuki::simulation
