// The part of the node that people's requests go through.
#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/farewell.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

// A change whose outcome somebody waits for.
struct Node::Waiting {
  explicit Waiting(asio::io_context& io) : done(io) {}
  asio::steady_timer done;  // cancelled when the outcome is there
  std::optional<Result<uint64_t>> outcome;
};

namespace {

// A change that met a change of membership is asked for again after this.
constexpr core::milliseconds kAskAgain{50};
// Between two looks of a node that leaves, unless something changed.
constexpr core::milliseconds kSayAgain{500};
// What is left to say when a node leaves is said within this.
constexpr core::milliseconds kLeaveLimit{120'000};

}  // namespace

void Node::answer(const core::Outcome& outcome) {
  const auto waiting = waiting_.find(outcome.id);
  if (waiting == waiting_.end()) return;
  waiting->second->outcome = outcome.version;
  waiting->second->done.cancel();
  waiting_.erase(waiting);
}

Task<Result<uint64_t>> Node::change(core::Change change, core::milliseconds limit) {
  const Moment deadline = now() + limit;
  // The same when it is asked for again, so that a change that was made all the same is not made
  // twice.
  const std::string id = fmt::format("{}-{}-{}", self_, boot_, next_request_++);
  for (;;) {
    const auto left = std::chrono::duration_cast<core::milliseconds>(deadline - now());
    if (left.count() <= 0)
      co_return failure(
          "no answer from all servers in time; whether the change was made is shown "
          "by: tasuki status",
          ETIMEDOUT);
    auto outcome = co_await change_once(id, change, left);
    if (outcome || outcome.error().code != EAGAIN) co_return outcome;
    co_await wait_for(kAskAgain);
  }
}

Task<Result<uint64_t>> Node::change_once(std::string id, core::Change change,
                                         core::milliseconds limit) {
  auto waiting = std::make_shared<Waiting>(io_);
  waiting->done.expires_after(limit);
  waiting_[id] = waiting;
  carry_out(replica_.request(id, change));
  if (!waiting->outcome) {
    boost::system::error_code ignored;
    co_await waiting->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  waiting_.erase(id);
  if (!waiting->outcome) co_return failure("no answer", EAGAIN);
  co_return *waiting->outcome;
}

Task<Result<uint64_t>> Node::apply_config(core::ApplyConfig change) {
  if (replica_.may_decide() || replica_.state().durable.epoch > 0)
    co_return co_await this->change(std::move(change), core::milliseconds(30'000));
  carry_out(replica_.adopt_config(change.applied));
  co_return replica_.state().durable.version;
}

Task<Result<void>> Node::confirm_down_alone(core::NodeId node) {
  carry_out(replica_.confirm_down_alone(node));
  co_return Result<void>{};
}

Task<void> Node::wait_for_change(core::milliseconds limit) {
  asio::steady_timer timer(io_, limit);
  waiting_for_change_.insert(&timer);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  waiting_for_change_.erase(&timer);
}

Task<void> Node::leave() {
  const Moment deadline = now() + kLeaveLimit;
  const auto idle = [&] {
    return std::ranges::all_of(groups_,
                               [](const auto& entry) { return entry.second->machine().idle(); });
  };
  while (now() < deadline) {
    right_.leave(replica_.may_decide());
    react();
    const core::Farewell next = core::decide_farewell(replica_, idle());
    if (next.gone) co_return;
    if (next.say) say(*next.say);
    co_await wait_for_change(kSayAgain);
  }
}

}  // namespace tasuki::runner
