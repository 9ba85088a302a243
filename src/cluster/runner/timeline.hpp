// How long each step of a failover took, for people and for benchmarks: every start of a group on
// this node leaves a record, which all members keep.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cluster/core/ids.hpp"
#include "cluster/runner/clock.hpp"
#include "cluster/runner/json_lines.hpp"
#include "kit/json.hpp"

namespace tasuki::runner {

// Under way: one for each group that starts here.
class TimelineRecorder {
 public:
  struct Beginning {
    std::string from;  // node names; empty when it ran nowhere before
    std::string to;
    std::string reason;
    Moment start;
  };
  void begin(const core::GroupName& group, Beginning beginning);
  // The time since the step before goes to `name`. Nothing when no record is under way.
  void step(const core::GroupName& group, const std::string& name, Moment when = now());
  // {"group","from","to","reason","started","up_at","steps":[{"name","ms"}],"total_ms"}
  std::optional<Json> finish(const core::GroupName& group);
  void drop(const core::GroupName& group);

 private:
  struct Record {
    Beginning beginning;
    std::string started;
    Moment last;
    Json steps = Json::array();
  };
  std::map<core::GroupName, Record> under_way_;
};

// Finished ones, newest last; kept in a file.
class TimelineHistory {
 public:
  explicit TimelineHistory(std::string file);
  void add(Json record);
  [[nodiscard]] Json of(const std::string& group) const;  // every group's when empty
  // Since when the group runs on that node, by its last record; nothing when that is of another.
  [[nodiscard]] std::optional<std::string> up_since(const std::string& group,
                                                    const std::string& node) const;

 private:
  JsonLines records_;
};

}  // namespace tasuki::runner
