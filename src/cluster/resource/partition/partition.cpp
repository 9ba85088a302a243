#include "cluster/resource/partition/partition.hpp"

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
            PartitionLimits limits, FaultHandler on_fault)
      : context_(context),
        workers_(workers),
        wanted_(std::move(wanted)),
        limits_(limits),
        on_fault_(std::move(on_fault)) {}

  Task<Result<void>> start(StartOptions options) override;
  Task<Result<void>> stop(StartOptions options) override;
  Task<Result<bool>> adopt() override;
  [[nodiscard]] Result<std::vector<process::Release>> releases() const override {
    return std::vector<process::Release>{process::ReleaseMount{wanted_.mount_point}};
  }

 private:
  Task<Result<void>> connect();
  Task<Result<void>> release();
  Result<void> begin_watch();

  asio::io_context& context_;
  asio::thread_pool& workers_;
  const core::Partition wanted_;
  const PartitionLimits limits_;
  const FaultHandler on_fault_;
  std::optional<PartitionWatch> watch_;  // while it is up
};

}  // namespace

Task<Result<void>> Partition::start(StartOptions) {
  auto connected = co_await connect();
  if (!connected) co_return connected;
  auto watched = begin_watch();
  if (watched) co_return watched;
  auto released = co_await release();
  if (!released) watched.error().what += "; and then: " + released.error().what;
  co_return watched;
}

Task<Result<void>> Partition::connect() {
  // Shared with the worker, which may hang for longer than this object lives.
  const auto wanted = std::make_shared<std::atomic<bool>>(true);
  auto connected =
      co_await on_worker_within(workers_, limits_.start + kGrace,
                                [partition = wanted_, deadline = after(limits_.start), wanted] {
                                  return attach(partition, deadline, *wanted);
                                });
  if (connected) co_return std::move(*connected);

  *wanted = false;
  Error problem{fmt::format("{} was not mounted within {}: the device does not answer",
                            wanted_.device, format_duration(limits_.start)),
                ETIMEDOUT};
  // It may have been mounted in the last moment, or the kernel still be at it.
  const auto released = co_await release();
  if (!released) problem.what += "; and then: " + released.error().what;
  co_return failure(std::move(problem));
}

Task<Result<void>> Partition::stop(StartOptions) {
  watch_.reset();
  co_return co_await release();
}

Task<Result<void>> Partition::release() {
  auto released = co_await on_worker_within(workers_, limits_.stop + kGrace,
                                            [partition = wanted_, deadline = after(limits_.stop)] {
                                              return detach(partition, deadline);
                                            });
  if (released) co_return std::move(*released);
  co_return failure(fmt::format("{} was not unmounted within {}: the device does not answer, and "
                                "only a reset makes this node let go of it",
                                wanted_.device, format_duration(limits_.stop)),
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
  auto begun = PartitionWatch::begin(context_, workers_, wanted_, limits_.read, on_fault_);
  if (!begun) return failure(begun.error());
  watch_.emplace(std::move(*begun));
  return {};
}

std::unique_ptr<Resource> make_partition(asio::io_context& context, asio::thread_pool& workers,
                                         core::Partition wanted, PartitionLimits limits,
                                         FaultHandler on_fault) {
  return std::make_unique<Partition>(context, workers, std::move(wanted), limits,
                                     std::move(on_fault));
}

}  // namespace tasuki::resource
