// One way to one logical unit (SPC-4's I_T nexus), with what of persistent reservations Tasuki asks
// of it. The rules that stand on it are scsi_reservation's; here nothing is decided.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/result.hpp"
#include "kit/strong.hpp"

namespace tasuki::guard {

using ReservationKey = Strong<struct ReservationKeyTag, uint64_t>;

// SPC-4 6.15.3.4, the TYPE field; whose writes the logical unit takes.
enum class ReservationType : uint8_t {
  write_exclusive = 1,
  exclusive_access = 3,
  write_exclusive_registrants_only = 5,
  exclusive_access_registrants_only = 6,
  write_exclusive_all_registrants = 7,
  exclusive_access_all_registrants = 8,
};

// READ KEYS: a key for each registered nexus, so that a node with two paths has its key there
// twice.
struct Keys {
  // Counts registrations, preemptions and clearings, whoever asked for them; a power cut of the
  // target sets it to 0, and nothing else does (SPC-4 6.15.2).
  uint32_t generation = 0;
  std::vector<ReservationKey> keys;
  friend bool operator==(const Keys&, const Keys&) = default;
};

// READ RESERVATION. Of the types for all registrants the key is 0.
struct Holder {
  ReservationKey key;
  ReservationType type{};
  friend bool operator==(const Holder&, const Holder&) = default;
};

// REPORT CAPABILITIES.
struct Capabilities {
  bool aptpl = false;  // registrations can be made to outlast a power cut of the target
  bool wero = false;   // write exclusive, registrants only, can be reserved
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// SPC-4 6.16.2, the service actions of PERSISTENT RESERVE OUT.
enum class ReserveAction : uint8_t {
  enroll = 0,  // REGISTER, a word that C++ keeps for itself
  reserve = 1,
  release = 2,
  preempt_and_abort = 5,
  enroll_ignoring_existing_key = 6,  // REGISTER AND IGNORE EXISTING KEY
};

// PERSISTENT RESERVE OUT. Which fields count depends on the action (SPC-4 6.16.3).
struct ReserveOut {
  ReserveAction action{};
  ReservationType type = ReservationType::write_exclusive_registrants_only;
  ReservationKey key;                 // ours; 0 while the nexus is not registered
  ReservationKey service_action_key;  // the one to register (0: none any more) or to preempt
  // Of registering and unregistering: the last one that any nexus sent counts for all (SPC-4
  // 5.12.5.1).
  bool aptpl = false;
};

// Why a command was not carried out.
enum class ScsiRefusal {
  conflict,         // RESERVATION CONFLICT
  preempted,        // unit attention: somebody took our registration or the reservation away
  unit_attention,   // any other: a reset, a power cut, somebody else's release. Asked again, it
                    // goes
  invalid_command,  // the target does not know the command or the service action
  gone,             // no answer: the device, the link or the target is not there, or too slow
  other,            // what the sense data say
};

struct ScsiFailure {
  ScsiRefusal refusal{};
  std::string what;  // for a person; without the path's name
  friend bool operator==(const ScsiFailure&, const ScsiFailure&) = default;
};

template <class T>
class [[nodiscard]] ScsiAnswer : public std::expected<T, ScsiFailure> {
 public:
  using std::expected<T, ScsiFailure>::expected;
};

// Every call is one command, which is not repeated, and blocks until it is answered or given up.
class ScsiPath {
 public:
  ScsiPath() = default;
  ScsiPath(const ScsiPath&) = delete;
  ScsiPath& operator=(const ScsiPath&) = delete;
  virtual ~ScsiPath() = default;

  // As a person finds it: "/dev/sdb".
  [[nodiscard]] virtual const std::string& name() const = 0;

  virtual ScsiAnswer<Keys> read_keys() = 0;
  virtual ScsiAnswer<std::optional<Holder>> read_reservation() = 0;
  virtual ScsiAnswer<Capabilities> report_capabilities() = 0;
  virtual ScsiAnswer<void> reserve_out(const ReserveOut& out) = 0;

  // The designator of vital product data page 83h that is the same through every path and on every
  // machine: "naa.600140500000000000000000000000aa". `other` when the target tells none.
  virtual ScsiAnswer<std::string> logical_unit_id() = 0;
};

// A path's device, a whole disk: "/dev/sdb". Errors: it cannot be opened. Whether it speaks SCSI
// shows with the first command.
Result<std::unique_ptr<ScsiPath>> open_scsi_path(const std::string& device);

// Every path of this machine to the disk that the device is on (scsi_device.hpp). Errors: one that
// cannot be opened, or leads to another disk than the rest.
using OpenScsiPaths = std::vector<std::unique_ptr<ScsiPath>>;
Result<OpenScsiPaths> open_scsi_paths(const std::string& device);
Result<void> check_one_disk(const OpenScsiPaths& paths);

}  // namespace tasuki::guard
