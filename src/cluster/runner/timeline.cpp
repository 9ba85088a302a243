#include "cluster/runner/timeline.hpp"

#include <cmath>

namespace tasuki::runner {
namespace {

constexpr size_t kRecordsMax = 200;

// Milliseconds with one digit behind the point.
double milliseconds_between(Moment from, Moment to) {
  const std::chrono::duration<double, std::milli> passed = to - from;
  return std::round(passed.count() * 10) / 10;
}

}  // namespace

void TimelineRecorder::begin(const core::GroupName& group, Beginning beginning) {
  const Moment start = beginning.start;
  under_way_[group] = {std::move(beginning), time_of_day(), start, Json::array()};
}

void TimelineRecorder::step(const core::GroupName& group, const std::string& name, Moment when) {
  const auto found = under_way_.find(group);
  if (found == under_way_.end()) return;
  Record& record = found->second;
  record.steps.push_back({{"name", name}, {"ms", milliseconds_between(record.last, when)}});
  record.last = when;
}

std::optional<Json> TimelineRecorder::finish(const core::GroupName& group) {
  const auto found = under_way_.find(group);
  if (found == under_way_.end()) return std::nullopt;
  const Record record = std::move(found->second);
  under_way_.erase(found);
  return Json{{"group", group.value},
              {"from", record.beginning.from},
              {"to", record.beginning.to},
              {"reason", record.beginning.reason},
              {"started", record.started},
              {"up_at", time_of_day()},
              {"steps", record.steps},
              {"total_ms", milliseconds_between(record.beginning.start, record.last)}};
}

void TimelineRecorder::drop(const core::GroupName& group) {
  under_way_.erase(group);
}

TimelineHistory::TimelineHistory(std::string file) : records_(std::move(file), kRecordsMax) {}

void TimelineHistory::add(Json record) {
  records_.add(std::move(record));
}

std::optional<std::string> TimelineHistory::up_since(const std::string& group,
                                                     const std::string& node) const {
  const Json records = of(group);
  if (records.empty() || records.back().value("to", "") != node) return std::nullopt;
  return records.back().value("up_at", "");
}

Json TimelineHistory::of(const std::string& group) const {
  Json list = Json::array();
  for (const Json& record : records_.records())
    if (group.empty() || record.value("group", "") == group) list.push_back(record);
  return list;
}

}  // namespace tasuki::runner
