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

JsonLines::~JsonLines() {
  writer_.join();
}

void JsonLines::add(Json record) {
  std::string line = record.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const bool turn_over = bytes_ > kFileBytesMax;
  bytes_ = (turn_over ? 0 : bytes_) + line.size();
  asio::post(writer_, [this, turn_over, line = std::move(line)] {
    if (turn_over) std::rename(file_.c_str(), (file_ + ".1").c_str());
    std::ofstream(file_, std::ios::app) << line;
  });
  remember(std::move(record));
}

void JsonLines::remember(Json record) {
  records_.push_back(std::move(record));
  if (records_.size() > most_) records_.pop_front();
}

}  // namespace tasuki::runner
