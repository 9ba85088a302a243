// What a keeper leaves for the next one, should it die: the file beside its socket, which is locked
// as long as it lives. It lies in /run, which is empty when the machine was off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

class KeeperLife {
 public:
  // Before anything of another's is touched; an error says that another keeper serves the socket.
  static Result<KeeperLife> begin(const std::string& socket);

  // A keeper died before this one while the machine was on.
  [[nodiscard]] bool after_another() const { return after_another_; }
  // The slices that have been filled (Spawn::slice), also by keepers that died.
  [[nodiscard]] const std::vector<std::string>& slices() const { return slices_; }

  Result<void> mark();
  // Before it is filled.
  Result<void> note_slice(const std::string& slice);
  // It ends in order.
  Result<void> unmark();

 private:
  KeeperLife(Fd file, std::vector<std::string> lines);
  Result<void> append(std::string_view line);

  Fd file_;
  bool after_another_;
  std::vector<std::string> slices_;
};

}  // namespace tasuki::process
