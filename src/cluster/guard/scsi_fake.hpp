// A logical unit that keeps persistent reservations as SPC-4 5.12 says, for tests. Scope is the
// logical unit; the types for all registrants are not in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/guard/scsi_path.hpp"

namespace tasuki::guard {

// A value: copies go on by themselves, so that a test can try what comes next.
class FakeLun {
 public:
  // What the target offers; as it is made.
  bool has_reservations = true;
  bool has_preempt_and_abort = true;
  bool reserving_unregistered_conflicts = true;  // with LIO it fails otherwise
  // With LIO the holder's machine, "sv1" of "sv1 a", counts as not registered through every nexus
  // but the one that holds the reservation.
  bool mixes_up_sessions = false;
  std::string id = "naa.6001405000000001";
  Capabilities offers{.aptpl = true, .wero = true};

  // A nexus is an initiator's port and a target's port, by any name: "sv1 a". Connecting twice does
  // nothing.
  void connect(const std::string& nexus);

  // The commands, each from a nexus that is connected.
  ScsiAnswer<Keys> read_keys(const std::string& nexus);
  ScsiAnswer<std::optional<Holder>> read_reservation(const std::string& nexus);
  ScsiAnswer<Capabilities> report_capabilities(const std::string& nexus);
  ScsiAnswer<void> reserve_out(const std::string& nexus, const ReserveOut& out);
  ScsiAnswer<void> clear(const std::string& nexus, ReservationKey key);
  ScsiAnswer<void> write(const std::string& nexus);

  // Whether a write would pass, whatever unit attentions wait.
  [[nodiscard]] bool takes_writes_of(const std::string& nexus) const;
  // What the target knows, without a command.
  [[nodiscard]] std::optional<Holder> reservation() const;
  [[nodiscard]] std::set<std::string> registered_with(ReservationKey key) const;

  // The target loses power and comes back.
  void cut_power();
  // The logical unit is reset, by whatever caused it.
  void reset();
  void fail(const std::string& nexus) { failed_.insert(nexus); }
  void restore(const std::string& nexus) { failed_.erase(nexus); }
  // By SPC-2's RESERVE, from a machine that is no nexus here.
  void reserve_the_old_way() { is_reserved_the_old_way_ = true; }

  // Everything that answers depend on: the same text, the same future.
  [[nodiscard]] std::string describe() const;

 private:
  enum class Attention {
    power_on,
    reset,
    reservations_preempted,
    released,
    registrations_preempted
  };

  struct Held {
    std::string nexus;
    ReservationType type{};
  };

  // What stands before any command: a path that is down, a unit attention.
  ScsiAnswer<void> admit(const std::string& nexus);
  ScsiAnswer<void> admit_reservations(const std::string& nexus);
  [[nodiscard]] bool is_mixed_up(const std::string& nexus) const;
  [[nodiscard]] bool is_registered_as(const std::string& nexus, ReservationKey key) const;
  void establish(const std::string& nexus, Attention attention);

  ScsiAnswer<void> enroll(const std::string& nexus, const ReserveOut& out);
  ScsiAnswer<void> reserve(const std::string& nexus, const ReserveOut& out);
  ScsiAnswer<void> release(const std::string& nexus, const ReserveOut& out);
  ScsiAnswer<void> preempt(const std::string& nexus, const ReserveOut& out);
  void unregister(const std::string& nexus);
  void end_reservation(const std::string& by_nexus);

  uint32_t generation_ = 0;
  bool aptpl_ = false;
  bool is_reserved_the_old_way_ = false;
  std::map<std::string, ReservationKey> registrations_;
  std::optional<Held> held_;
  std::map<std::string, std::set<Attention>> attentions_;  // of every nexus that is connected
  std::set<std::string> failed_;
};

// One nexus to a fake.
class FakePath final : public ScsiPath {
 public:
  FakePath(FakeLun& lun, std::string nexus);

  [[nodiscard]] const std::string& name() const override { return nexus_; }
  ScsiAnswer<Keys> read_keys() override { return lun_.read_keys(nexus_); }
  ScsiAnswer<std::optional<Holder>> read_reservation() override {
    return lun_.read_reservation(nexus_);
  }
  ScsiAnswer<Capabilities> report_capabilities() override {
    return lun_.report_capabilities(nexus_);
  }
  ScsiAnswer<void> reserve_out(const ReserveOut& out) override {
    return lun_.reserve_out(nexus_, out);
  }
  ScsiAnswer<std::string> logical_unit_id() override { return lun_.id; }

 private:
  FakeLun& lun_;
  std::string nexus_;
};

std::vector<std::unique_ptr<ScsiPath>> fake_paths(FakeLun& lun,
                                                  const std::vector<std::string>& nexuses);

}  // namespace tasuki::guard
