// A node for tests: a real Corosync and a process that uses the engine, in namespaces of their own
// (network, mounts, processes, IPC, host name), on a bridge in a namespace of its own. All of it is
// anonymous and ends with the test's process, however that ends.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/fd.hpp"
#include "kit/json.hpp"

namespace tasuki::membership {

// Why these tests cannot run here, or nothing.
std::optional<std::string> missing_for_test_nodes();

// A process that ends with its owner.
class TestProcess {
 public:
  // Runs `body` in a child with new namespaces (clone(2) flags).
  TestProcess(int namespaces, const std::function<void()>& body);
  TestProcess(TestProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  TestProcess& operator=(TestProcess&&) = delete;
  TestProcess(const TestProcess&) = delete;
  TestProcess& operator=(const TestProcess&) = delete;
  ~TestProcess();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

class TestNode {
 public:
  // Boots the node; `bridge` is the process whose network namespace has the bridge br0.
  TestNode(const core::Config& config, core::NodeId id, const TestProcess& bridge,
           const std::string& folder);

  // Orders to the node.
  void start_member() { order("start-member"); }
  void kill_member() { order("kill-member"); }
  void start_corosync() { order("start-corosync"); }
  void kill_corosync() { order("kill-corosync"); }
  // Makes the member say `text`, padded to `bytes`, `count` times with a number behind.
  void say(const std::string& text, int count = 1, size_t bytes = 0);

  // Reads reports until one satisfies `wanted`; fails the test after a generous limit. Reports:
  // {"what":"membership"|"message"|"lost","at":ns of the monotonic clock, ...}.
  Json wait_until(const std::string& description, const std::function<bool(const Json&)>& wanted);
  Json wait_for_membership(const std::vector<uint32_t>& members, const std::vector<uint32_t>& nodes,
                           bool quorate);

  // Takes one report if there is one within `limit`.
  std::optional<Json> read_report(std::chrono::milliseconds limit);
  // Every message reported so far, in order.
  [[nodiscard]] const std::vector<Json>& messages() const { return messages_; }

 private:
  void order(const std::string& text) const;

  Fd orders_;  // to pid 1 of the node and to its member
  Fd says_;
  Fd reports_;
  std::vector<Json> messages_;
  std::optional<TestProcess> init_;
};

class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A bridge and its nodes, whose corosync.conf is made for a detection within `detect`.
class TestCluster {
 public:
  explicit TestCluster(const std::vector<uint32_t>& ids, std::chrono::milliseconds detect);

  TestNode& node(uint32_t id) { return *nodes_.at(id); }
  // As by a power cut.
  void kill(uint32_t id) { nodes_.at(id).reset(); }
  void boot(uint32_t id);
  // Until every node reported `count` messages. A member whose reports nobody reads stops talking,
  // so all are read in turn.
  void wait_for_messages(size_t count);

 private:
  core::Config config_;
  TemporaryFolder folder_;
  TestProcess bridge_;
  std::map<uint32_t, std::unique_ptr<TestNode>> nodes_;
};

}  // namespace tasuki::membership
