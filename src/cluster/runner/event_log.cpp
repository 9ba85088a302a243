#include "cluster/runner/event_log.hpp"

#include <cstdio>
#include <fstream>

#include "cluster/runner/clock.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {
namespace {

constexpr size_t kInMemoryMax = 2000;
// The file is turned over at this size; one older file is kept.
constexpr size_t kFileBytesMax = size_t{4} * 1024 * 1024;

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
    : node_(std::move(node)), file_(std::move(file)) {
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);) {
    Json event = Json::parse(line, nullptr, false);  // a line torn by a power cut is left out
    file_bytes_ += line.size() + 1;
    if (event.is_discarded() || !event.contains("seq")) continue;
    next_seq_ = event["seq"].get<uint64_t>() + 1;
    events_.push_back(std::move(event));
    if (events_.size() > kInMemoryMax) events_.pop_front();
  }
}

void EventLog::add(const core::Note& note) {
  log::write(log_level(note.level), note.subject + ": " + note.text);
  Json event = {{"seq", next_seq_++},           {"time", time_of_day()},   {"node", node_},
                {"level", name_of(note.level)}, {"subject", note.subject}, {"text", note.text}};
  append(event);
  for (auto follower = followers_.begin(); follower != followers_.end();) (*follower++)(event);
  events_.push_back(std::move(event));
  if (events_.size() > kInMemoryMax) events_.pop_front();
}

void EventLog::append(const Json& event) {
  if (file_bytes_ > kFileBytesMax) {
    std::rename(file_.c_str(), (file_ + ".1").c_str());
    file_bytes_ = 0;
  }
  const std::string line = event.dump() + "\n";
  std::ofstream(file_, std::ios::app) << line;
  file_bytes_ += line.size();
}

Json EventLog::since(uint64_t seq) const {
  Json list = Json::array();
  for (const Json& event : events_)
    if (event["seq"].get<uint64_t>() > seq) list.push_back(event);
  return list;
}

EventLog::Following EventLog::follow(Follower follower) {
  return followers_.insert(followers_.end(), std::move(follower));
}

void EventLog::unfollow(Following following) {
  followers_.erase(following);
}

}  // namespace tasuki::runner
