// Tells when something may have happened to files, by inotify(7) on the folders they are in, or are
// to be in.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "kit/task.hpp"

namespace tasuki::files {

class Watch {
 public:
  // `changed` is called on the io_context.
  Watch(asio::io_context& io, std::function<void(const std::string& path)> changed);

  // These files from now on.
  void follow(std::set<std::string> files);
  // Looks anew for the folders: some of them may be others now.
  void arm();

 private:
  struct Entry {
    std::string name;  // that an event in the folder brings: the file's, or of a folder above it
    std::string file;
    bool direct = true;  // it is the file's
  };
  void arm(const std::string& file, std::map<int, std::vector<Entry>>& folders);
  void read_events();
  void look_at(int folder, uint32_t mask, const std::string& name);

  std::function<void(const std::string&)> changed_;
  asio::posix::stream_descriptor inotify_;
  std::set<std::string> files_;
  std::map<int, std::vector<Entry>> folders_;  // by watch descriptor
  std::string buffer_;
};

}  // namespace tasuki::files
