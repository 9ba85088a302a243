// The bytes of persistent reservations: commands, parameters, answers and sense data (SPC-4 6.15,
// 6.16, 4.5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cluster/guard/scsi_path.hpp"

namespace tasuki::guard {

using Bytes = std::span<const uint8_t>;

// SPC-4 6.15.1, the service actions of PERSISTENT RESERVE IN.
enum class ReserveInAction : uint8_t { read_keys = 0, read_reservation = 1, capabilities = 2 };

// The longest answer that is read. Holds the keys of 1023 nexuses.
constexpr uint16_t kReserveInBytes = 8192;

using ReserveInCommand = std::array<uint8_t, 10>;
using ReserveOutCommand = std::array<uint8_t, 10>;
using ReserveOutParameters = std::array<uint8_t, 24>;
using InquiryCommand = std::array<uint8_t, 6>;

ReserveInCommand reserve_in_command(ReserveInAction action);
ReserveOutCommand reserve_out_command(const ReserveOut& out);
ReserveOutParameters reserve_out_parameters(const ReserveOut& out);
// Of the vital product data page 83h; asks for kReserveInBytes as well.
InquiryCommand device_identification_command();

// What was answered, without what the answer was too short for. `other` when it is cut or does not
// make sense.
ScsiAnswer<Keys> parse_keys(Bytes answer);
ScsiAnswer<std::optional<Holder>> parse_reservation(Bytes answer);
ScsiAnswer<Capabilities> parse_capabilities(Bytes answer);
// The logical unit's designator that is the least likely to be used twice: NAA, then EUI-64, then
// the vendor's own (SPC-4 7.8.6).
ScsiAnswer<std::string> parse_device_identification(Bytes answer);

// What CHECK CONDITION meant.
ScsiFailure failure_of_sense(Bytes sense);

}  // namespace tasuki::guard
