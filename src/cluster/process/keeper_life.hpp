// What a keeper leaves for the next one, should it die: what it had begun, in files beside its
// socket. They lie in /run, which is empty when the machine was off.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "cluster/process/keeper_state.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

class KeeperLife {
 public:
  // Before anything of another's is touched; an error says that another keeper serves the socket.
  static Result<KeeperLife> begin(const std::string& socket);

  // What keepers that died had begun, and this one has since.
  [[nodiscard]] const Left& groups() const { return groups_; }
  // The slices that they had filled, or this one has (Spawn::slice).
  [[nodiscard]] const std::vector<std::string>& slices() const { return slices_; }
  // Until when the node was bound when the last one died.
  [[nodiscard]] std::optional<Moment> bound_before() const { return bound_before_; }

  // Before anything of it begins.
  Result<void> remember(const Left& groups);
  Result<void> remember_slice(const std::string& slice);
  // At each renewal of a lease; never waits.
  void bind(std::optional<Moment> until);
  // It ends in order: nothing is left that the next one would have to answer for.
  Result<void> end();

 private:
  struct Unmap {
    void operator()(std::atomic<int64_t>* bound) const;
  };
  using Bound = std::unique_ptr<std::atomic<int64_t>, Unmap>;  // in the lock's file; 0: none

  KeeperLife(std::string path, Fd lock, Bound bound);
  Result<void> read();
  Result<void> write() const;

  std::string path_;
  Fd lock_;
  Bound bound_;
  std::optional<Moment> bound_before_;
  Left groups_;
  std::vector<std::string> slices_;
};

}  // namespace tasuki::process
