// The file that a node's settings are in (settings/record.hpp has its form).
//
// The rule it protects: what is called stored survives a power cut. A write or fsync that fails
// stops the process, as in store.hpp.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/settings/settings.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class SettingsFile {
 public:
  using OnDisk = std::map<core::GroupName, settings::OnDisk>;

  // `stored` is called on the io_context with what is on the disk now that was not.
  SettingsFile(asio::io_context& io, std::string path, std::function<void(const OnDisk&)> stored);
  ~SettingsFile();

  // What it says; nothing when it is not there. One that is damaged is kept beside it, for whoever
  // wants to look, and is to be written anew before anything is added.
  Result<std::optional<settings::FileState>> open();
  // Writes behind what was given before, all that waits with one fdatasync(2).
  void keep(settings::Keep keep);
  // Removes the damaged file that was kept, if there is one.
  void forget_damaged();
  // How many bytes of records it has.
  [[nodiscard]] size_t bytes() const { return end_; }

 private:
  void write_waiting();
  Result<void> write(const settings::Keep& keep);
  Result<void> append(const std::string& bytes);

  asio::io_context& io_;
  std::string path_;
  std::function<void(const OnDisk&)> stored_;
  std::mutex mutex_;
  std::vector<settings::Keep> waiting_;  // guarded by mutex_
  // The writer's own, from open() on.
  Fd file_;
  std::atomic<size_t> end_ = 0;  // of the records in it
  size_t allocated_ = 0;         // of the file, zeros behind them
  uint64_t records_ = 0;
  asio::thread_pool writer_{1};
};

}  // namespace tasuki::runner
