// The files of this node that follow groups: watched, read and written on a thread of their own, so
// that a disk that hangs holds nobody up. Everything is told on the caller's io_context.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cluster/files/file.hpp"
#include "cluster/files/watch.hpp"
#include "kit/task.hpp"

namespace tasuki::files {

// Fingerprints of what was, or was about to be, on the disk and in the settings alike.
using Ours = std::map<std::string, std::vector<std::string>>;

struct Put {
  std::string path;
  FileItem item;
  FileItem expected;  // what is there now; otherwise nothing is done
  bool keep_aside = false;
};
struct Done {
  std::string path;
  Result<void> done;
  std::string aside = {};  // where what was there is kept; empty: it is not
  Result<FileItem> now = FileItem{};
};

class Disk {
 public:
  using Seen = std::function<void(const std::string& path, Result<FileItem> item)>;
  // `folder`: for what has to be remembered, and what is kept aside.
  Disk(asio::io_context& io, const std::string& folder, Seen seen);
  ~Disk();

  // What was remembered; nothing when that was never done. Blocks; before anything else.
  [[nodiscard]] std::optional<Ours> remembered() const;
  // On the disk before anything that is asked for later.
  void remember(Ours ours);
  // What becomes of them is told from now on.
  void follow(std::set<std::string> paths);
  // They are read and told now; `then` comes behind that.
  void look(std::set<std::string> paths, std::function<void()> then);
  void put(std::vector<Put> puts, std::function<void(std::vector<Done>)> then);

 private:
  void changed(const std::string& path);
  void look_at_changed();
  void look_at_all();
  void read(const std::string& path);
  Done put_one(const Put& put);

  asio::io_context& io_;
  std::string ours_path_;
  std::string aside_folder_;
  Seen seen_;
  // The thread's own.
  asio::io_context own_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{own_.get_executor()};
  Watch watch_;
  std::set<std::string> paths_;
  std::set<std::string> changed_;
  std::chrono::steady_clock::time_point first_change_;
  asio::steady_timer calm_;  // until those that changed are read
  asio::steady_timer round_;
  std::map<std::string, std::string> marks_;  // of each file when it was read last
  Ours remembered_;
  std::thread thread_;
};

}  // namespace tasuki::files
