#include "cluster/resource/partition/watch.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "cluster/resource/partition/attach.hpp"
#include "kit/duration.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::resource {
namespace {

// Direct I/O wants memory and length aligned to the device's blocks, of at most this size.
constexpr size_t kBlockBytes = 4096;

Result<Fd> open_to_watch(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_failure("watch " + path);
  return file;
}

// Where ext4 counts the errors it has met since mkfs, /sys/fs/ext4/NAME/errors_count.
std::string error_counter(const BlockDevice& device) {
  char name[256] = {};
  const std::string link =
      fmt::format("/sys/dev/block/{}:{}", major(device.number), minor(device.number));
  const ssize_t length = ::readlink(link.c_str(), name, sizeof name - 1);
  const std::string_view target(name, static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return fmt::format("/sys/fs/ext4/{}/errors_count", target.substr(target.find_last_of('/') + 1));
}

}  // namespace

struct PartitionWatch::State {
  State(asio::io_context& context, asio::thread_pool& pool, core::Partition watched,
        BlockDevice found, ReadTimes read_times, FaultHandler handler)
      : workers(pool),
        partition(std::move(watched)),
        device(std::move(found)),
        times(read_times),
        mounts(context),
        errors(context),
        next_read(context),
        on_fault(std::move(handler)) {}

  void end() {
    ended = true;
    if (mounts.is_open()) mounts.cancel();
    if (errors.is_open()) errors.cancel();
    next_read.cancel();
  }
  void report(const std::string& reason) {
    if (ended) return;
    end();
    on_fault(reason);
  }
  [[nodiscard]] std::optional<std::string> find_fault() const {
    const auto table = read_mount_table();
    if (!table) return table.error().what;
    return find_mount_fault(partition, device, writable, *table);
  }

  asio::thread_pool& workers;
  const core::Partition partition;
  const BlockDevice device;
  const ReadTimes times;
  Writable writable = Writable::no;
  asio::posix::stream_descriptor mounts;  // /proc/self/mountinfo
  asio::posix::stream_descriptor errors;  // ext4's counter
  std::string errors_before;
  asio::steady_timer next_read;
  FaultHandler on_fault;
  bool ended = false;
};

PartitionWatch::PartitionWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
PartitionWatch::PartitionWatch(PartitionWatch&&) noexcept = default;
PartitionWatch::~PartitionWatch() {
  if (state_) state_->end();
}

Result<PartitionWatch> PartitionWatch::begin(asio::io_context& context, asio::thread_pool& workers,
                                             core::Partition partition, ReadTimes times,
                                             FaultHandler on_fault) {
  auto device = BlockDevice::find(partition.device);
  if (!device) return failure(device.error());
  auto mounts = open_to_watch("/proc/self/mountinfo");
  if (!mounts) return failure(mounts.error());
  auto state = std::make_shared<State>(context, workers, std::move(partition), std::move(*device),
                                       times, std::move(on_fault));
  const auto table = read_mount_table();
  if (!table) return failure(table.error());
  if (auto fault = find_mount_fault(state->partition, state->device, Writable::no, *table))
    return failure(*fault);
  state->writable = find_mount_fault(state->partition, state->device, Writable::yes, *table)
                        ? Writable::no
                        : Writable::yes;
  state->mounts.assign(mounts->release());
  const auto executor = context.get_executor();
  if (state->partition.filesystem.starts_with("ext")) {
    const std::string counter = error_counter(state->device);
    if (auto errors = open_to_watch(counter)) {
      state->errors_before = read_file(counter).value_or("");
      state->errors.assign(errors->release());
      start_task(executor, watch_errors(state));
    } else {  // no /sys, as in some containers: the regular reading remains
      log::warning("errors of {} will be seen later: {}", state->partition.device,
                   errors.error().what);
    }
  }
  start_task(executor, watch_mounts(state));
  start_task(executor, read_regularly(state));
  return PartitionWatch(std::move(state));
}

// The kernel reports that something changed as an exceptional condition (proc_pid_mountinfo(5)).
// The table is read first without one, for what changed before it was watched.
Task<void> PartitionWatch::watch_mounts(std::shared_ptr<State> state) {
  co_await asio::post(state->mounts.get_executor(), asio::use_awaitable);
  boost::system::error_code ended;
  while (!state->ended) {
    if (auto fault = state->find_fault()) co_return state->report(*fault);
    co_await state->mounts.async_wait(asio::posix::descriptor_base::wait_error,
                                      asio::redirect_error(asio::use_awaitable, ended));
  }
}

// With errors=continue, the default, ext4 goes on after an error; a group on another node, with the
// file system repaired, is better than one that loses more. The kernel wakes who waits for the
// counter (sysfs_notify), once for each time it was read.
Task<void> PartitionWatch::watch_errors(std::shared_ptr<State> state) {
  boost::system::error_code ended;
  for (;;) {
    char count[32];
    const ssize_t got = ::pread(state->errors.native_handle(), count, sizeof count, 0);
    if (got > 0 && std::string_view(count, static_cast<size_t>(got)) != state->errors_before)
      co_return state->report(
          fmt::format("the file system on {} has met an error; the kernel's log says which",
                      state->partition.device));
    co_await state->errors.async_wait(asio::posix::descriptor_base::wait_error,
                                      asio::redirect_error(asio::use_awaitable, ended));
    if (state->ended) co_return;
  }
}

// The mount table is looked at as well, because a file system that makes itself read-only after an
// error tells nobody.
Task<void> PartitionWatch::read_regularly(std::shared_ptr<State> state) {
  boost::system::error_code ended;
  for (;;) {
    state->next_read.expires_after(state->times.every);
    co_await state->next_read.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (state->ended) co_return;
    const auto read = co_await on_worker_within(
        state->workers, state->times.limit,
        [partition = state->partition] { return read_partition(partition); });
    if (!read)
      co_return state->report(fmt::format("{} has not answered a read for {}",
                                          state->partition.device,
                                          format_duration(state->times.limit)));
    if (!*read) co_return state->report(read->error().what);
    if (state->ended) co_return;
    if (auto fault = state->find_fault()) co_return state->report(*fault);
  }
}

std::optional<std::string> find_mount_fault(const core::Partition& partition,
                                            const BlockDevice& device, Writable wanted,
                                            const std::vector<Mount>& table) {
  const Mount* top = nullptr;
  bool there = false;
  for (const auto& mount : table) {
    if (mount.mount_point != partition.mount_point) continue;
    top = &mount;
    there = there || device.carries(mount);
  }
  if (!there)
    return fmt::format("{} was unmounted from {} by somebody other than Tasuki", device.path,
                       partition.mount_point);
  if (!device.carries(*top))
    return fmt::format("{} was mounted over {}", top->source, partition.mount_point);
  if (wanted == Writable::yes && top->read_only)
    return fmt::format("{} on {} has become read-only", device.path, partition.mount_point);
  return std::nullopt;
}

Result<void> read_partition(const core::Partition& partition) {
  const Fd device(::open(partition.device.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!device) return errno_failure("open " + partition.device);
  alignas(kBlockBytes) char block[kBlockBytes];
  if (::pread(device.get(), block, sizeof block, 0) < 0)
    return errno_failure("read " + partition.device);
  const Fd folder(::open(partition.mount_point.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno_failure("open " + partition.mount_point);
  if (auto read = read_folder(folder.get()); !read)
    return failure(read.error().during(partition.mount_point));
  return {};
}

}  // namespace tasuki::resource
