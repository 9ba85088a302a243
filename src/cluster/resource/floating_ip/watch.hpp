// What goes on while a floating IP is up: the announcement is repeated for those who missed it,
// and every change of the link or the address is looked at.
#pragma once

#include <memory>

#include "cluster/resource/floating_ip/network.hpp"
#include "cluster/resource/resource.hpp"
#include "kit/fd.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// Ends with the object; the handler is not called afterwards.
class AddressWatch {
 public:
  // The first announcement has gone out when this returns. `announcer` is shared because a
  // coroutine that has been ended may outlive its owner.
  static Result<AddressWatch> begin(asio::io_context& context, Place place,
                                    std::shared_ptr<const Fd> announcer, FaultHandler on_fault);

  AddressWatch(AddressWatch&&) noexcept;
  ~AddressWatch();

 private:
  struct State;
  explicit AddressWatch(std::shared_ptr<State> state);
  static Task<void> repeat_announcement(std::shared_ptr<State> state);
  static Task<void> watch(std::shared_ptr<State> state);

  // Shared with the two coroutines, which find out by it that they have been ended.
  std::shared_ptr<State> state_;
};

}  // namespace tasuki::resource
