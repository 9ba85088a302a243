// What the tests of the verbs share: a cluster that is well, and a terminal that remembers.
#pragma once

#include <cstdlib>
#include <deque>
#include <optional>
#include <string>

#include "cluster/cli/terminal.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// The answer of GET /v1/status; times of the tests are shown in UTC.
inline Json healthy_status() {
  setenv("TZ", "UTC", 1);
  const auto group = [](const char* name, const char* node, const char* since, const char* next) {
    return Json{{"name", name},
                {"state", "online"},
                {"node", node},
                {"since", since},
                {"home", node},
                {"policy", {node, next}},
                {"next", next},
                {"reason", "started at home"},
                {"resources",
                 {{{"name", "floating-ip-1"},
                   {"kind", "floating-ip"},
                   {"state", "up"},
                   {"detail", "10.0.0.20"}},
                  {{"name", "partition-1"},
                   {"kind", "partition"},
                   {"state", "up"},
                   {"detail", "/dev/sdb1 on /data"}}}},
                {"failures", Json::array()}};
  };
  const auto node = [](const char* name, int id, const char* since, bool self) {
    return Json{{"name", name},
                {"id", id},
                {"state", "online"},
                {"since", since},
                {"addresses", {"10.0.0." + std::to_string(id)}},
                {"self", self},
                {"proof", nullptr},
                {"note", ""}};
  };
  return {{"cluster", "office"},
          {"node", "sv1"},
          {"time", "2026-10-05T14:03:22.250Z"},
          {"health", "ok"},
          {"problems", Json::array()},
          {"quorate", true},
          {"right_to_decide", true},
          {"informed", true},
          {"locked", false},
          {"stale", false},
          {"config", {{"counter", 3}, {"hash", "5f3a1c2d99"}}},
          {"feature_level", 1},
          {"nodes",
           {node("sv1", 1, "2026-09-30T10:00:00Z", true),
            node("sv2", 2, "2026-10-05T11:30:00Z", false)}},
          {"groups",
           {group("db", "sv1", "2026-10-02T10:00:00Z", "sv2"),
            group("web", "sv2", "2026-10-05T14:00:00Z", "sv1")}},
          {"services", Json::array()},
          {"witness", {{"address", "10.0.0.9"}, {"votes", true}}},
          {"lease_disk", nullptr},
          {"ping", nullptr}};
}

class FakeTerminal : public Terminal {
 public:
  [[nodiscard]] Screen screen() const override { return {}; }
  void print(std::string_view text) override { out += text; }
  void complain(std::string_view sentence) override { complaints += std::string(sentence) + "\n"; }
  [[nodiscard]] bool interactive() const override { return !answers.empty(); }
  std::optional<std::string> ask(const std::string& question) override {
    questions += question + "\n";
    auto answer = answers.front();
    answers.pop_front();
    return answer;
  }

  std::string out;
  std::string complaints;
  std::string questions;
  std::deque<std::optional<std::string>> answers;  // a terminal without any is not interactive
};

}  // namespace tasuki::cli
