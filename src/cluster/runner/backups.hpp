// Makes the groups' scheduled backups on this node: at its time a group's services are stopped, its
// command runs, and the services start again, whatever comes of the command.
//
// The rule it protects: the suspension is prolonged only while the command is watched, so a tasukid
// that dies leaves no group without its services.
#pragma once

#include <ctime>
#include <functional>
#include <set>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/core/note.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/runner/group_runner.hpp"
#include "cluster/runner/json_lines.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

struct BackupContext {
  asio::io_context& io;
  process::KeeperClient& keeper;
  std::function<const core::Config&()> config;
  std::function<std::string()> node;  // this one's name
  std::function<GroupRunner*(const core::GroupName&)> find_runner;
  std::function<void(core::Note)> note;
  std::function<void(Json record)> record;  // to every member
};

class Backups {
 public:
  Backups(BackupContext context, std::string file);

  void start();
  // A command that an earlier tasukid left running: it is ended, and the services start again.
  Task<void> end_interrupted(const process::KeptGroup& kept);
  void add(Json record) { history_.add(std::move(record)); }
  // {"group","node","at","days","command","next","last"} of each; `holder` tells where a group is.
  [[nodiscard]] Json list(const std::function<std::string(const core::GroupName&)>& holder) const;

 private:
  void look();
  Task<void> run(core::GroupName group, core::Backup backup);
  Task<Result<void>> make(core::GroupName group, core::Backup backup);
  Task<Result<void>> run_command(core::GroupName group, core::Backup backup,
                                 std::map<std::string, std::string> environment);
  // Waits until the group has come to where it was sent.
  Task<Result<void>> wait_settled(core::GroupName group, bool suspended);
  [[nodiscard]] Result<GroupRunner*> prolong(const core::GroupName& group,
                                             GroupRunner::Begin begin);
  void tell(const core::GroupName& group, const core::Backup& backup, const std::string& started,
            const Result<void>& outcome);

  BackupContext context_;
  JsonLines history_;
  asio::steady_timer timer_;
  std::time_t looked_at_ = 0;
  std::set<core::GroupName> under_way_;
};

}  // namespace tasuki::runner
