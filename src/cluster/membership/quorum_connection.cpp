#include "cluster/membership/quorum_connection.hpp"

#include <span>

#include "cluster/membership/corosync_error.hpp"
#include "kit/assert.hpp"

namespace tasuki::membership {

Result<std::unique_ptr<QuorumConnection>> QuorumConnection::connect(Listener listener) {
  std::unique_ptr<QuorumConnection> connection(new QuorumConnection(std::move(listener)));
  quorum_model_v1_data_t model{};
  model.model = QUORUM_MODEL_V1;
  model.quorum_notify_fn = on_quorum;
  uint32_t type = QUORUM_FREE;
  // Every model's data begins with the model, by which libquorum knows what the rest is.
  if (const auto status = quorum_model_initialize(&connection->handle_, QUORUM_MODEL_V1,
                                                  reinterpret_cast<quorum_model_data_t*>(&model),
                                                  &type, connection.get());
      status != CS_OK) {
    connection->handle_ = 0;
    return corosync_failure("connect to Corosync's quorum service", status);
  }
  // Without a provider Corosync calls every ring quorate.
  if (type != QUORUM_SET)
    return failure("Corosync runs without a quorum provider; its corosync.conf is not Tasuki's");
  if (const auto status =
          quorum_trackstart(connection->handle_, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
      status != CS_OK)
    return corosync_failure("follow Corosync's quorum", status);
  return connection;
}

QuorumConnection::~QuorumConnection() {
  if (handle_ != 0) quorum_finalize(handle_);
}

int QuorumConnection::descriptor() const {
  int descriptor = -1;
  const auto status = quorum_fd_get(handle_, &descriptor);
  TASUKI_ASSERT(status == CS_OK);
  return descriptor;
}

Result<QuorumConnection::Dispatched> QuorumConnection::dispatch_one() {
  const auto status = quorum_dispatch(handle_, CS_DISPATCH_ONE_NONBLOCKING);
  if (status == CS_OK) return Dispatched::one;
  if (status == CS_ERR_TRY_AGAIN) return Dispatched::nothing;
  return corosync_failure("listen to Corosync's quorum service", status);
}

void QuorumConnection::on_quorum(quorum_handle_t handle, uint32_t quorate, quorum_ring_id ring,
                                 uint32_t node_count, const uint32_t* nodes) {
  const void* context = nullptr;
  const auto status = quorum_context_get(handle, &context);
  TASUKI_ASSERT(status == CS_OK && context != nullptr);
  const std::span ids(nodes, node_count);
  static_cast<const QuorumConnection*>(context)->listener_(
      QuorumChanged{{ring.nodeid, ring.seq}, quorate != 0, {ids.begin(), ids.end()}});
}

}  // namespace tasuki::membership
