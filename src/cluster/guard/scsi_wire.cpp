#include "cluster/guard/scsi_wire.hpp"

#include <scsi/sg_lib.h>
#include <utility>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

constexpr uint8_t kReserveIn = 0x5e;
constexpr uint8_t kReserveOut = 0x5f;
constexpr uint8_t kInquiry = 0x12;

template <class Number>
void put(std::span<uint8_t> bytes, size_t at, Number number) {
  for (size_t index = 0; index < sizeof(Number); ++index)
    bytes[at + index] = static_cast<uint8_t>(number >> (8 * (sizeof(Number) - 1 - index)));
}

template <class Number>
Number number_at(Bytes bytes, size_t at) {
  Number number = 0;
  for (size_t index = 0; index < sizeof(Number); ++index)
    number = static_cast<Number>(uint64_t{number} << 8 | bytes[at + index]);
  return number;
}

std::unexpected<ScsiFailure> nonsense(const std::string& what) {
  return std::unexpected(ScsiFailure{ScsiRefusal::other, what});
}

// One designation descriptor of page 83h (SPC-4 7.8.6.1).
struct Designator {
  unsigned type = 0;
  bool of_logical_unit = false;
  bool binary = false;
  Bytes value;
};

std::string text_of(const Designator& designator) {
  std::string text;
  for (const uint8_t byte : designator.value)
    text +=
        designator.binary ? fmt::format("{:02x}", byte) : std::string(1, static_cast<char>(byte));
  return std::string(trim(printable(text)));
}

}  // namespace

ReserveInCommand reserve_in_command(ReserveInAction action) {
  ReserveInCommand command{kReserveIn, std::to_underlying(action)};
  put(command, 7, kReserveInBytes);
  return command;
}

// The scope is the logical unit, 0.
ReserveOutCommand reserve_out_command(const ReserveOut& out) {
  ReserveOutCommand command{kReserveOut, std::to_underlying(out.action),
                            std::to_underlying(out.type)};
  put(command, 5, static_cast<uint32_t>(sizeof(ReserveOutParameters)));
  return command;
}

ReserveOutParameters reserve_out_parameters(const ReserveOut& out) {
  ReserveOutParameters parameters{};
  put(parameters, 0, out.key.value);
  put(parameters, 8, out.service_action_key.value);
  parameters[20] = out.aptpl ? 1 : 0;
  return parameters;
}

InquiryCommand device_identification_command() {
  InquiryCommand command{kInquiry, 1, 0x83};
  put(command, 3, kReserveInBytes);
  return command;
}

ScsiAnswer<Keys> parse_keys(Bytes answer) {
  constexpr size_t kHeader = 8;
  if (answer.size() < kHeader) return nonsense("its list of keys is cut");
  Keys keys{number_at<uint32_t>(answer, 0), {}};
  const size_t length = number_at<uint32_t>(answer, 4);
  if (length % sizeof(uint64_t) != 0 || length > answer.size() - kHeader)
    return nonsense(fmt::format("its list of keys has {} bytes, of which {} came", length,
                                answer.size() - kHeader));
  for (size_t at = 0; at < length; at += sizeof(uint64_t))
    keys.keys.emplace_back(number_at<uint64_t>(answer, kHeader + at));
  return keys;
}

ScsiAnswer<std::optional<Holder>> parse_reservation(Bytes answer) {
  constexpr size_t kHeader = 8;
  constexpr size_t kDescriptor = 16;
  if (answer.size() < kHeader) return nonsense("what it says of the reservation is cut");
  if (number_at<uint32_t>(answer, 4) == 0) return std::optional<Holder>();
  if (answer.size() < kHeader + kDescriptor) return nonsense("its reservation is cut");
  constexpr uint8_t kTypeBits = 0x0f;
  return Holder{ReservationKey(number_at<uint64_t>(answer, kHeader)),
                static_cast<ReservationType>(answer[kHeader + 13] & kTypeBits)};
}

ScsiAnswer<Capabilities> parse_capabilities(Bytes answer) {
  constexpr size_t kLength = 8;
  if (answer.size() < kLength) return nonsense("what it says of its reservations is cut");
  constexpr uint8_t kPersistsThroughPowerLoss = 0x01;
  constexpr uint8_t kTypesAreTold = 0x80;
  constexpr uint8_t kWriteExclusiveRegistrantsOnly = 0x20;
  // A target that does not tell its types shows with RESERVE what it can.
  return Capabilities{.aptpl = (answer[2] & kPersistsThroughPowerLoss) != 0,
                      .wero = (answer[3] & kTypesAreTold) == 0 ||
                              (answer[4] & kWriteExclusiveRegistrantsOnly) != 0};
}

ScsiAnswer<std::string> parse_device_identification(Bytes answer) {
  constexpr size_t kHeader = 4;
  if (answer.size() < kHeader || answer.size() < kHeader + number_at<uint16_t>(answer, 2))
    return nonsense("its identification is cut");
  answer = answer.subspan(kHeader, number_at<uint16_t>(answer, 2));
  constexpr std::array<std::pair<unsigned, std::string_view>, 3> kBestFirst{
      {{3, "naa"}, {2, "eui"}, {1, "t10"}}};
  std::array<std::string, kBestFirst.size()> found;
  while (answer.size() >= kHeader && answer.size() - kHeader >= answer[3]) {
    const Designator designator{.type = answer[1] & 0x0fU,
                                .of_logical_unit = (answer[1] & 0x30) == 0,
                                .binary = (answer[0] & 0x0f) == 1,
                                .value = answer.subspan(kHeader, answer[3])};
    for (size_t index = 0; index < kBestFirst.size(); ++index)
      if (designator.of_logical_unit && designator.type == kBestFirst[index].first &&
          found[index].empty())
        found[index] = fmt::format("{}.{}", kBestFirst[index].second, text_of(designator));
    answer = answer.subspan(kHeader + answer[3]);
  }
  for (const std::string& text : found)
    if (!text.empty()) return text;
  return nonsense("it tells no identification of its own (page 83h)");
}

ScsiFailure failure_of_sense(Bytes sense) {
  sg_scsi_sense_hdr header{};
  if (!sg_scsi_normalize_sense(sense.data(), static_cast<int>(sense.size()), &header))
    return {ScsiRefusal::other, "it failed without saying why"};
  std::array<char, 256> key{};
  std::array<char, 256> reason{};
  const std::string what =
      fmt::format("{}, {}", sg_get_sense_key_str(header.sense_key, key.size(), key.data()),
                  sg_get_asc_ascq_str(header.asc, header.ascq, reason.size(), reason.data()));

  // Reservations released (2Ah/04h) took nothing away from us.
  constexpr uint8_t kParametersChanged = 0x2a;
  constexpr uint8_t kReservationsPreempted = 0x03;
  constexpr uint8_t kRegistrationsPreempted = 0x05;
  constexpr uint8_t kInvalidOperationCode = 0x20;
  constexpr uint8_t kInvalidFieldInCommand = 0x24;  // a service action that is not known
  if (header.sense_key == SPC_SK_UNIT_ATTENTION) {
    const bool preempted =
        header.asc == kParametersChanged &&
        (header.ascq == kReservationsPreempted || header.ascq == kRegistrationsPreempted);
    return {preempted ? ScsiRefusal::preempted : ScsiRefusal::unit_attention, what};
  }
  if (header.sense_key == SPC_SK_ILLEGAL_REQUEST &&
      (header.asc == kInvalidOperationCode || header.asc == kInvalidFieldInCommand))
    return {ScsiRefusal::invalid_command, what};
  return {ScsiRefusal::other, what};
}

}  // namespace tasuki::guard
