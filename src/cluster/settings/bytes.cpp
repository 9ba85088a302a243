#include "cluster/settings/bytes.hpp"

namespace tasuki::settings {
namespace {

constexpr unsigned kBitsInByte = 7;
constexpr uint8_t kMore = 0x80;
constexpr unsigned kBitsMax = 64;

}  // namespace

void ByteWriter::number(uint64_t value) {
  while (value >= kMore) {
    bytes_ += static_cast<char>(static_cast<uint8_t>(value) | kMore);
    value >>= kBitsInByte;
  }
  bytes_ += static_cast<char>(value);
}

void ByteWriter::text(std::string_view value) {
  number(value.size());
  bytes_ += value;
}

uint64_t ByteReader::number() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < kBitsMax && !rest_.empty(); shift += kBitsInByte) {
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    const uint64_t bits = byte & (kMore - 1U);
    if ((bits << shift) >> shift != bits) break;
    value |= bits << shift;
    if (byte < kMore) return value;
  }
  failed_ = true;
  rest_ = {};
  return 0;
}

std::string ByteReader::text() {
  const uint64_t length = number();
  if (length > rest_.size()) {
    failed_ = true;
    rest_ = {};
    return "";
  }
  std::string value(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return value;
}

size_t ByteReader::count() {
  const uint64_t things = number();
  if (things <= rest_.size()) return things;
  failed_ = true;
  rest_ = {};
  return 0;
}

}  // namespace tasuki::settings
