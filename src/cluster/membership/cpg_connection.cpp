#include "cluster/membership/cpg_connection.hpp"

#include <algorithm>
#include <span>
#include <sys/uio.h>

#include "cluster/membership/corosync_error.hpp"
#include "kit/assert.hpp"

namespace tasuki::membership {
namespace {

cpg_name group_name() {
  constexpr std::string_view kName = "tasuki";
  cpg_name group{};
  group.length = kName.size();
  std::ranges::copy(kName, group.value);
  return group;
}

CpgConnection& connection_of(cpg_handle_t handle) {
  void* context = nullptr;
  const auto status = cpg_context_get(handle, &context);
  TASUKI_ASSERT(status == CS_OK && context != nullptr);
  return *static_cast<CpgConnection*>(context);
}

// cpg_reason_t: a node's processes come and go with the ring, others by themselves.
bool changed_with_the_ring(const cpg_address& address) {
  return address.reason == CPG_REASON_NODEDOWN || address.reason == CPG_REASON_NODEUP;
}

}  // namespace

Result<std::unique_ptr<CpgConnection>> CpgConnection::connect(Listener listener) {
  std::unique_ptr<CpgConnection> connection(new CpgConnection(std::move(listener)));
  cpg_model_v1_data_t model{};
  model.model = CPG_MODEL_V1;
  model.cpg_deliver_fn = on_message;
  model.cpg_confchg_fn = on_members;
  model.cpg_totem_confchg_fn = on_ring;
  model.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
  // Every model's data begins with the model, by which libcpg knows what the rest is.
  if (const auto status =
          cpg_model_initialize(&connection->handle_, CPG_MODEL_V1,
                               reinterpret_cast<cpg_model_data_t*>(&model), connection.get());
      status != CS_OK) {
    connection->handle_ = 0;
    return corosync_failure("connect to Corosync's group service", status);
  }
  const cpg_name group = group_name();
  if (const auto status = cpg_join(connection->handle_, &group); status != CS_OK)
    return corosync_failure("join Corosync's group", status);
  return connection;
}

// cpg_finalize() is a request of its own behind those that were sent before, so those are said.
CpgConnection::~CpgConnection() {
  if (handle_ != 0) cpg_finalize(handle_);
}

int CpgConnection::descriptor() const {
  int descriptor = -1;
  const auto status = cpg_fd_get(handle_, &descriptor);
  TASUKI_ASSERT(status == CS_OK);
  return descriptor;
}

Result<CpgConnection::Dispatched> CpgConnection::dispatch_one() {
  const auto status = cpg_dispatch(handle_, CS_DISPATCH_ONE_NONBLOCKING);
  if (status == CS_OK) return Dispatched::one;
  if (status == CS_ERR_TRY_AGAIN) return Dispatched::nothing;
  return corosync_failure("listen to Corosync's group service", status);
}

Result<CpgConnection::Sent> CpgConnection::multicast(std::string_view message) {
  // libcpg only reads it.
  iovec part{const_cast<char*>(message.data()), message.size()};
  const auto status = cpg_mcast_joined(handle_, CPG_TYPE_AGREED, &part, 1);
  if (status == CS_OK) return Sent::yes;
  if (status == CS_ERR_TRY_AGAIN) return Sent::later;
  return corosync_failure("send through Corosync", status);
}

void CpgConnection::on_message(cpg_handle_t handle, const cpg_name*, uint32_t node, uint32_t,
                               void* content, size_t size) {
  connection_of(handle).listener_(
      Message{core::NodeId(node), std::string(static_cast<const char*>(content), size)});
}

void CpgConnection::on_members(cpg_handle_t handle, const cpg_name*, const cpg_address* members,
                               size_t member_count, const cpg_address* left, size_t left_count,
                               const cpg_address* joined, size_t joined_count) {
  MembersChanged change;
  for (const cpg_address& member : std::span(members, member_count))
    change.members.emplace_back(member.nodeid);
  const bool with_ring =
      std::ranges::any_of(std::span(left, left_count), changed_with_the_ring) ||
      std::ranges::any_of(std::span(joined, joined_count), changed_with_the_ring);
  change.cause = with_ring ? MembersChanged::Cause::ring : MembersChanged::Cause::process;
  connection_of(handle).listener_(std::move(change));
}

void CpgConnection::on_ring(cpg_handle_t handle, cpg_ring_id ring, uint32_t node_count,
                            const uint32_t* nodes) {
  const std::span ids(nodes, node_count);
  connection_of(handle).listener_(RingChanged{{ring.nodeid, ring.seq}, {ids.begin(), ids.end()}});
}

}  // namespace tasuki::membership
