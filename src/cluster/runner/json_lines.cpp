#include "cluster/runner/json_lines.hpp"

#include <cstdio>
#include <fstream>

namespace tasuki::runner {
namespace {

constexpr size_t kFileBytesMax = size_t{4} * 1024 * 1024;

}  // namespace

JsonLines::JsonLines(std::string file, size_t most) : file_(std::move(file)), most_(most) {
  std::ifstream in(file_);
  bool torn = false;
  for (std::string line; std::getline(in, line);) {
    torn = in.eof();
    bytes_ += line.size() + 1;
    Json record = Json::parse(line, nullptr, false);
    if (record.is_object()) remember(std::move(record));
  }
  if (torn) std::ofstream(file_, std::ios::app) << '\n';
}

void JsonLines::add(Json record) {
  if (bytes_ > kFileBytesMax) {
    std::rename(file_.c_str(), (file_ + ".1").c_str());
    bytes_ = 0;
  }
  const std::string line = record.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::ofstream(file_, std::ios::app) << line;
  bytes_ += line.size();
  remember(std::move(record));
}

void JsonLines::remember(Json record) {
  records_.push_back(std::move(record));
  if (records_.size() > most_) records_.pop_front();
}

}  // namespace tasuki::runner
