// What was told in a run, for people: equal lines of several nodes are one.
#pragma once

#include <string>
#include <vector>

#include "cluster/simulation/surroundings.hpp"

namespace tasuki::simulation {

class Story {
 public:
  explicit Story(const core::Config& config) : config_(config) {}
  void add(const Line& line);
  // What happens to the world, said by nobody.
  void add(Time time, const std::string& subject, const std::string& text) {
    add({time, std::nullopt, {core::Note::Level::info, subject, text}});
  }

  struct Told {
    Time time;
    std::vector<std::string> by;  // nodes; nobody when it happens to the world
    core::Note note;
  };
  [[nodiscard]] const std::vector<Told>& told() const { return told_; }
  // "12.345 sv1,sv2 group web: is up on sv1: started on sv1"; "12.345 > lose sv1"
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  const core::Config& config_;
  std::vector<Told> told_;
};

// The subject under which a sentence that is carried out is told.
inline constexpr const char* kDeedSubject = ">";

}  // namespace tasuki::simulation
