#include "cluster/runner/event_log.hpp"

#include "cluster/runner/clock.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {
namespace {

constexpr size_t kInMemoryMax = 2000;

const char* name_of(core::Note::Level level) {
  switch (level) {
    case core::Note::Level::info:
      return "info";
    case core::Note::Level::warning:
      return "warning";
    case core::Note::Level::error:
      return "error";
  }
  return "";
}

log::Level log_level(core::Note::Level level) {
  switch (level) {
    case core::Note::Level::info:
      return log::Level::info;
    case core::Note::Level::warning:
      return log::Level::warning;
    case core::Note::Level::error:
      return log::Level::error;
  }
  return log::Level::info;
}

}  // namespace

EventLog::EventLog(std::string node, std::string file)
    : node_(std::move(node)), events_(std::move(file), kInMemoryMax) {
  if (!events_.records().empty())
    next_seq_ = events_.records().back().value("seq", uint64_t{0}) + 1;
}

void EventLog::add(const core::Note& note) {
  log::write(log_level(note.level), note.subject + ": " + note.text);
  Json event = {{"seq", next_seq_++},           {"time", time_of_day()},   {"node", node_},
                {"level", name_of(note.level)}, {"subject", note.subject}, {"text", note.text}};
  for (auto follower = followers_.begin(); follower != followers_.end();) (*follower++)(event);
  events_.add(std::move(event));
}

Json EventLog::since(uint64_t seq) const {
  Json list = Json::array();
  for (const Json& event : events_.records())
    if (event.value("seq", uint64_t{0}) > seq) list.push_back(event);
  return list;
}

EventLog::Following EventLog::follow(Follower follower) {
  return followers_.insert(followers_.end(), std::move(follower));
}

void EventLog::unfollow(Following following) {
  followers_.erase(following);
}

}  // namespace tasuki::runner
