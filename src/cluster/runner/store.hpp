// The node's durable state on its disk: one file, replaced whole, and every configuration that was
// ever applied beside it.
//
// The rule it protects: `written` is called only when the state survives a power cut. A write or
// fsync that fails stops the process: what the disk then has is unknown (fsync(2)), and the others
// take over.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/proto/codec.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class Store {
 public:
  Store(asio::io_context& io, std::string folder);

  // Nothing when this node never wrote any.
  Result<std::optional<proto::StateFile>> load(const proto::ConfigReader& read_config) const;
  // Writes behind what was given before; calls back on the io_context.
  void write(const proto::StateFile& file, std::function<void()> written);

  // The configurations that were applied, newest first.
  [[nodiscard]] std::vector<core::AppliedConfig> history() const;

 private:
  asio::io_context& io_;
  std::string folder_;
  asio::thread_pool writer_{1};
};

}  // namespace tasuki::runner
