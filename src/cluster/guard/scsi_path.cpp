#include "cluster/guard/scsi_path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <scsi/sg_lib.h>
#include <scsi/sg_pt.h>
#include <utility>

#include <fmt/format.h>

#include "cluster/guard/scsi_device.hpp"
#include "cluster/guard/scsi_wire.hpp"
#include "kit/assert.hpp"
#include "kit/fd.hpp"

namespace tasuki::guard {
namespace {

// Preempting waits until the target has aborted what is under way; everything else is answered at
// once.
constexpr int kCommandSeconds = 10;
constexpr size_t kSenseBytes = 252;  // the most that there can be (SPC-4 4.5.1)

using PassThrough = std::unique_ptr<sg_pt_base, decltype(&destruct_scsi_pt_obj)>;

std::unexpected<ScsiFailure> gone(std::string what) {
  return std::unexpected(ScsiFailure{ScsiRefusal::gone, std::move(what)});
}

// The status comes first: of a conflict, older kernels say that the transport failed as well
// (DID_NEXUS_FAILURE), and some adapters do so of sense data.
ScsiAnswer<void> outcome_of(const sg_pt_base& command, int outcome, Bytes sense) {
  // A disk whose driver has nothing to do with SCSI; EINVAL is a loop device's.
  if (outcome == -ENOTTY || outcome == -EINVAL)
    return std::unexpected(
        ScsiFailure{ScsiRefusal::invalid_command, "it takes no SCSI commands at all"});
  if (outcome < 0) return gone(std::strerror(-outcome));
  if (outcome == SCSI_PT_DO_TIMEOUT)
    return gone(fmt::format("no answer within {}s", kCommandSeconds));
  if (outcome != 0)
    return std::unexpected(ScsiFailure{ScsiRefusal::other,
                                       fmt::format("the command could not be sent ({})", outcome)});
  const int status = get_scsi_pt_status_response(&command);
  if (status == SAM_STAT_RESERVATION_CONFLICT)
    return std::unexpected(ScsiFailure{ScsiRefusal::conflict, "reservation conflict"});
  if (status == SAM_STAT_CHECK_CONDITION) return std::unexpected(failure_of_sense(sense));
  std::array<char, 256> text{};
  switch (get_scsi_pt_result_category(&command)) {
    case SCSI_PT_RESULT_GOOD:
      return {};
    case SCSI_PT_RESULT_TRANSPORT_ERR:
      return gone(get_scsi_pt_transport_err_str(&command, text.size(), text.data()));
    case SCSI_PT_RESULT_OS_ERR:
      return gone(get_scsi_pt_os_err_str(&command, text.size(), text.data()));
    default:
      sg_get_scsi_status_str(status, text.size(), text.data());
      return std::unexpected(ScsiFailure{ScsiRefusal::other, text.data()});
  }
}

class DevicePath final : public ScsiPath {
 public:
  DevicePath(std::string name, Fd device) : name_(std::move(name)), device_(std::move(device)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }

  ScsiAnswer<Keys> read_keys() override {
    return ask(reserve_in_command(ReserveInAction::read_keys), parse_keys);
  }
  ScsiAnswer<std::optional<Holder>> read_reservation() override {
    return ask(reserve_in_command(ReserveInAction::read_reservation), parse_reservation);
  }
  ScsiAnswer<Capabilities> report_capabilities() override {
    return ask(reserve_in_command(ReserveInAction::capabilities), parse_capabilities);
  }
  ScsiAnswer<std::string> logical_unit_id() override {
    return ask(device_identification_command(), parse_device_identification);
  }

  ScsiAnswer<void> reserve_out(const ReserveOut& out) override {
    auto parameters = reserve_out_parameters(out);
    return run(reserve_out_command(out), [&parameters](sg_pt_base& command) {
      set_scsi_pt_data_out(&command, parameters.data(), parameters.size());
    });
  }

 private:
  template <class Command, class T>
  ScsiAnswer<T> ask(const Command& command, ScsiAnswer<T> (*parse)(Bytes)) {
    std::array<uint8_t, kReserveInBytes> answer{};
    int missing = 0;
    const auto done = run(
        command,
        [&answer](sg_pt_base& asked) { set_scsi_pt_data_in(&asked, answer.data(), answer.size()); },
        [&missing](const sg_pt_base& asked) { missing = get_scsi_pt_resid(&asked); });
    if (!done) return std::unexpected(done.error());
    // An adapter may count wrongly.
    missing = std::clamp(missing, 0, static_cast<int>(answer.size()));
    return parse(Bytes(answer).first(answer.size() - static_cast<size_t>(missing)));
  }

  template <class Command, class Prepare, class Collect = void (*)(const sg_pt_base&)>
  ScsiAnswer<void> run(
      const Command& command, const Prepare& prepare,
      const Collect& collect = [](const sg_pt_base&) {}) {
    const PassThrough sent(construct_scsi_pt_obj_with_fd(device_.get(), 0), destruct_scsi_pt_obj);
    TASUKI_ASSERT(sent != nullptr);
    std::array<uint8_t, kSenseBytes> sense{};
    set_scsi_pt_cdb(sent.get(), command.data(), static_cast<int>(command.size()));
    set_scsi_pt_sense(sent.get(), sense.data(), sense.size());
    prepare(*sent);
    const int outcome = do_scsi_pt(sent.get(), -1, kCommandSeconds, 0);
    collect(*sent);
    return outcome_of(*sent, outcome, sense);
  }

  std::string name_;
  Fd device_;
};

}  // namespace

// Read-only: when a device that was open for writing is closed, udev looks through it anew.
// Commands pass all the same, with CAP_SYS_RAWIO.
Result<std::unique_ptr<ScsiPath>> open_scsi_path(const std::string& device) {
  Fd opened(::open(device.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!opened) return errno_failure("open " + device);
  return std::make_unique<DevicePath>(device, std::move(opened));
}

Result<OpenScsiPaths> open_scsi_paths(const std::string& device) {
  const auto found = paths_of(device);
  if (!found) return failure(found.error());
  OpenScsiPaths paths;
  for (const std::string& name : found->paths) {
    auto path = open_scsi_path(name);
    if (!path) return failure(path.error());
    paths.push_back(std::move(*path));
  }
  if (auto one = check_one_disk(paths); !one) return failure(one.error());
  return paths;
}

// A path that does not say which disk it leads to is taken at its word by sysfs.
Result<void> check_one_disk(const OpenScsiPaths& paths) {
  std::string name;
  std::string id;
  for (const auto& path : paths) {
    const auto told = path->logical_unit_id();
    if (!told || told->empty() || *told == id) continue;
    if (!id.empty())
      return failure(fmt::format("{} leads to {} and {} to {}: they are paths to different disks",
                                 name, id, path->name(), *told));
    name = path->name();
    id = *told;
  }
  return {};
}

}  // namespace tasuki::guard
