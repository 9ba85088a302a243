#include "cluster/resource/partition/partition.hpp"

#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/resource/partition/attach.hpp"
#include "cluster/resource/partition/detach.hpp"
#include "kit/duration.hpp"

namespace tasuki::resource {
namespace {

// What a call may take beyond its deadline, as to kill an e2fsck, before the device is said to
// hang.
constexpr milliseconds kGrace{3000};

class Partition final : public Resource {
 public:
  Partition(asio::io_context& context, asio::thread_pool& workers, core::Partition wanted,
            ReadTimes read_times, FaultHandler on_fault)
      : context_(context),
        workers_(workers),
        wanted_(std::move(wanted)),
        read_times_(read_times),
        on_fault_(std::move(on_fault)) {}

  Task<Result<void>> start(StepOptions options) override;
  Task<Result<void>> stop(StepOptions options) override;
  Task<Result<bool>> adopt() override;
  [[nodiscard]] Result<std::vector<process::Release>> releases() const override {
    return std::vector<process::Release>{
        process::ReleaseMount{wanted_.device, wanted_.mount_point}};
  }

 private:
  Task<Result<void>> connect(milliseconds limit);
  Task<Result<void>> release(milliseconds limit);
  Result<void> begin_watch();

  asio::io_context& context_;
  asio::thread_pool& workers_;
  const core::Partition wanted_;
  const ReadTimes read_times_;
  const FaultHandler on_fault_;
  std::optional<PartitionWatch> watch_;  // while it is up
};

}  // namespace

Task<Result<void>> Partition::start(StepOptions options) {
  auto started = co_await connect(options.start_limit);
  if (started) started = begin_watch();
  if (started) co_return started;
  // Also when it was never mounted: whoever has it on this node, no other node may mount it.
  if (const auto released = co_await release(options.stop_limit); !released)
    started =
        failure(started.error().what + "; and then: " + released.error().what, ENOTRECOVERABLE);
  co_return started;
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
  watch_.reset();
  co_return co_await release(options.stop_limit);
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
  if (auto watched = begin_watch(); !watched) co_return failure(watched.error());
  co_return true;
}

Result<void> Partition::begin_watch() {
  auto begun = PartitionWatch::begin(context_, workers_, wanted_, read_times_, on_fault_);
  if (!begun) return failure(begun.error());
  watch_.emplace(std::move(*begun));
  return {};
}

std::unique_ptr<Resource> make_partition(asio::io_context& context, asio::thread_pool& workers,
                                         core::Partition wanted, ReadTimes read_times,
                                         FaultHandler on_fault) {
  return std::make_unique<Partition>(context, workers, std::move(wanted), read_times,
                                     std::move(on_fault));
}

}  // namespace tasuki::resource
