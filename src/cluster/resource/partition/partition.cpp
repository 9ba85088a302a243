#include "cluster/resource/partition/partition.hpp"

#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/resource/partition/attach.hpp"
#include "cluster/resource/partition/detach.hpp"
#include "kit/duration.hpp"
#include "kit/log.hpp"

namespace tasuki::resource {
namespace {

// What a call may take beyond its deadline, as to kill an e2fsck, before the device is said to
// hang.
constexpr milliseconds kGrace{3000};

class Partition final : public Resource {
 public:
  Partition(asio::io_context& context, asio::thread_pool& workers, core::Partition wanted,
            ReadTimes read_times, Reserving reserving, FaultHandler on_fault)
      : context_(context),
        workers_(workers),
        wanted_(std::move(wanted)),
        read_times_(read_times),
        reserving_(std::make_shared<const Reserving>(std::move(reserving))),
        on_fault_(std::move(on_fault)) {}

  Task<Result<void>> start(StepOptions options) override;
  Task<Result<void>> stop(StepOptions options) override;
  Task<Result<bool>> adopt() override;
  [[nodiscard]] Result<std::vector<process::Release>> releases() const override {
    return std::vector<process::Release>{
        process::ReleaseMount{wanted_.device, wanted_.mount_point}};
  }

 private:
  [[nodiscard]] bool is_reserved() const { return wanted_.guard == core::Guard::scsi_reservation; }
  Task<Result<void>> reserve(milliseconds limit);
  Task<Result<void>> give_back(milliseconds limit);
  Task<Result<void>> connect(milliseconds limit);
  Task<Result<void>> release(milliseconds limit);
  Result<void> begin_watch();
  void broken(const std::string& reason);

  asio::io_context& context_;
  asio::thread_pool& workers_;
  const core::Partition wanted_;
  const ReadTimes read_times_;
  const std::shared_ptr<const Reserving> reserving_;
  const FaultHandler on_fault_;
  // While it is up.
  std::optional<PartitionWatch> watch_;
  std::optional<ReservationWatch> reservation_watch_;
  guard::ReservationKey key_;  // with which the disk was taken
  bool up_ = false;
};

}  // namespace

Task<Result<void>> Partition::start(StepOptions options) {
  // First of all: until the disk refuses the others, one of them may write to it.
  Result<void> started;
  if (is_reserved()) started = co_await reserve(options.start_limit);
  if (started) started = co_await connect(options.start_limit);
  if (started) started = begin_watch();
  if (started) co_return started;
  // Also when it was never mounted: whoever has it on this node, no other node may mount it.
  if (const auto released = co_await release(options.stop_limit); !released)
    started =
        failure(started.error().what + "; and then: " + released.error().what, ENOTRECOVERABLE);
  co_return started;
}

Task<Result<void>> Partition::reserve(milliseconds limit) {
  key_ = guard::key_of(reserving_->node, reserving_->epoch());
  const auto wanted = std::make_shared<std::atomic<bool>>(true);
  const auto preempted = co_await on_worker_within(
      workers_, limit, [reserving = reserving_, device = wanted_.device, key = key_, wanted] {
        return take_disk(*reserving, device, key, *wanted);
      });
  *wanted = false;
  if (!preempted)
    co_return failure(fmt::format("{} was not reserved within {}: the disk does not answer",
                                  wanted_.device, format_duration(limit)),
                      ETIMEDOUT);
  if (!*preempted)
    co_return failure(preempted->error().during("reserve the disk of " + wanted_.device));
  if (!(*preempted)->empty()) reserving_->preempted(**preempted);
  co_return Result<void>{};
}

Task<Result<void>> Partition::give_back(milliseconds limit) {
  const auto done = co_await on_worker_within(
      workers_, limit, [reserving = reserving_, device = wanted_.device, key = key_] {
        return give_disk_back(*reserving, device, key);
      });
  if (!done || !*done)
    log::warning("{} stays reserved for this node: {}", wanted_.device,
                 done ? done->error().what : "the disk does not answer");
  co_return Result<void>{};
}

Task<Result<void>> Partition::connect(milliseconds limit) {
  // Shared with the worker, which may hang for longer than this object lives.
  const auto wanted = std::make_shared<std::atomic<bool>>(true);
  auto connected = co_await on_worker_within(
      workers_, limit + kGrace, [partition = wanted_, deadline = after(limit), wanted] {
        return attach(partition, deadline, *wanted);
      });
  if (connected) co_return std::move(*connected);

  *wanted = false;
  co_return failure(fmt::format("{} was not mounted within {}: the device does not answer",
                                wanted_.device, format_duration(limit)),
                    ETIMEDOUT);
}

Task<Result<void>> Partition::stop(StepOptions options) {
  up_ = false;
  watch_.reset();
  reservation_watch_.reset();
  auto released = co_await release(options.stop_limit);
  if (released && is_reserved() && key_.value != 0 && !reserving_->stays())
    released = co_await give_back(options.stop_limit);
  co_return released;
}

Task<Result<void>> Partition::release(milliseconds limit) {
  auto released = co_await on_worker_within(
      workers_, limit + kGrace,
      [partition = wanted_, deadline = after(limit)] { return detach(partition, deadline); });
  if (released) co_return std::move(*released);
  co_return failure(fmt::format("{} was not unmounted within {}: the device does not answer, and "
                                "only a reset makes this node let go of it",
                                wanted_.device, format_duration(limit)),
                    ETIMEDOUT);
}

Task<Result<bool>> Partition::adopt() {
  const auto device = BlockDevice::find(wanted_.device);
  if (!device) co_return false;
  const auto table = read_mount_table();
  if (!table) co_return failure(table.error());
  if (find_mount_fault(wanted_, *device, Writable::no, *table)) co_return false;
  if (is_reserved()) key_ = guard::key_of(reserving_->node, reserving_->epoch());
  if (auto watched = begin_watch(); !watched) co_return failure(watched.error());
  co_return true;
}

Result<void> Partition::begin_watch() {
  const auto fault = [this](const std::string& reason) { broken(reason); };
  auto begun = PartitionWatch::begin(context_, workers_, wanted_, read_times_, fault);
  if (!begun) return failure(begun.error());
  watch_.emplace(std::move(*begun));
  up_ = true;
  if (is_reserved())
    reservation_watch_.emplace(context_, workers_, reserving_, wanted_.device, key_,
                               read_times_.every, fault);
  return {};
}

// One fault is enough. What watches is called by itself here, so it ends a moment later.
void Partition::broken(const std::string& reason) {
  if (!std::exchange(up_, false)) return;
  on_fault_(reason);
}

std::unique_ptr<Resource> make_partition(asio::io_context& context, asio::thread_pool& workers,
                                         core::Partition wanted, ReadTimes read_times,
                                         Reserving reserving, FaultHandler on_fault) {
  return std::make_unique<Partition>(context, workers, std::move(wanted), read_times,
                                     std::move(reserving), std::move(on_fault));
}

}  // namespace tasuki::resource
