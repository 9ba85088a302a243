// One connection to Corosync's closed process groups (cpg_overview(3)): who takes part and ordered
// messages. Its types do not leave this folder.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include <corosync/cpg.h>

#include "cluster/membership/membership_joiner.hpp"
#include "kit/result.hpp"

namespace tasuki::membership {

class CpgConnection {
 public:
  // What was heard; called from within dispatch_one() only.
  using Listener = std::function<void(Observation)>;

  // Connects and joins the group of all tasukids. An error while Corosync starts, forms a ring or
  // still remembers our last connection; try again then.
  static Result<std::unique_ptr<CpgConnection>> connect(Listener listener);
  CpgConnection(const CpgConnection&) = delete;
  CpgConnection& operator=(const CpgConnection&) = delete;
  // Leaves the group; what was sent before is still said.
  ~CpgConnection();

  // Readable when there is something to dispatch. Belongs to libcpg: never to be closed.
  [[nodiscard]] int descriptor() const;

  enum class Dispatched { one, nothing };
  // Never blocks. An error means that Corosync is gone.
  Result<Dispatched> dispatch_one();

  enum class Sent { yes, later };
  // Says it to all members, ourselves included. `later`: Corosync's queue is full or a ring forms.
  Result<Sent> multicast(std::string_view message);

 private:
  explicit CpgConnection(Listener listener) : listener_(std::move(listener)) {}

  static void on_message(cpg_handle_t handle, const cpg_name* group, uint32_t node, uint32_t pid,
                         void* content, size_t size);
  static void on_members(cpg_handle_t handle, const cpg_name* group, const cpg_address* members,
                         size_t member_count, const cpg_address* left, size_t left_count,
                         const cpg_address* joined, size_t joined_count);
  static void on_ring(cpg_handle_t handle, cpg_ring_id ring, uint32_t node_count,
                      const uint32_t* nodes);

  Listener listener_;
  cpg_handle_t handle_ = 0;
};

}  // namespace tasuki::membership
