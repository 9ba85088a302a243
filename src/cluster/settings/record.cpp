#include "cluster/settings/record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sodium.h>

#include "cluster/settings/bytes.hpp"

namespace tasuki::settings {
namespace {

using Soundness = core::SettingsStand::Soundness;

enum class Kind : uint8_t { changes = 1, copied = 2 };
constexpr uint64_t kFormat = 1;
constexpr std::string_view kBegin = "TSK1";
constexpr size_t kLengthBytes = 4;
constexpr size_t kChecksumBytes = 16;
constexpr size_t kHeadBytes = kBegin.size() + kLengthBytes + kChecksumBytes;
constexpr unsigned kBitsInByte = 8;

// Of more than eight bytes, it is there again.
std::string little_endian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i)
    text += static_cast<char>(value >> (kBitsInByte * (i % sizeof value)));
  return text;
}

// Of the content of the record that may begin there; 0 when none can.
size_t length_at(std::string_view file, size_t at) {
  if (file.size() < at + kHeadBytes || file.substr(at, kBegin.size()) != kBegin) return 0;
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= size_t{static_cast<uint8_t>(file[at + kBegin.size() + i])} << (kBitsInByte * i);
  return length <= file.size() - at - kHeadBytes ? length : 0;
}

std::string checksum(uint64_t place, std::string_view content) {
  std::array<unsigned char, kChecksumBytes> sum{};
  const std::string key = little_endian(place, crypto_generichash_KEYBYTES_MIN);
  crypto_generichash(sum.data(), sum.size(), reinterpret_cast<const unsigned char*>(content.data()),
                     content.size(), reinterpret_cast<const unsigned char*>(key.data()),
                     key.size());
  return {sum.begin(), sum.end()};
}

std::string content_of(const Changes& changes) {
  ByteWriter writer;
  writer.number(kFormat);
  writer.number(static_cast<uint64_t>(Kind::changes));
  writer.text(changes.group.value);
  writer.number(changes.number);
  writer.number(changes.committed);
  writer.number(changes.edits.size());
  for (const Edit& edit : changes.edits) write_edit(writer, edit);
  return std::move(writer).take();
}

std::string content_of(const Copied& copied) {
  ByteWriter writer;
  writer.number(kFormat);
  writer.number(static_cast<uint64_t>(Kind::copied));
  writer.text(copied.group.value);
  writer.flag(copied.all);
  writer.number(copied.number);
  writer.number(copied.committed);
  writer.number(copied.forgotten);
  writer.number(static_cast<uint64_t>(copied.soundness));
  writer.number(copied.items.size());
  for (const Item& item : copied.items) write_item(writer, item);
  return std::move(writer).take();
}

std::optional<Record> decode(std::string_view content) {
  ByteReader reader(content);
  if (reader.number() != kFormat) return std::nullopt;
  const uint64_t kind = reader.number();
  std::optional<Record> record;
  if (kind == static_cast<uint64_t>(Kind::changes)) {
    Changes changes;
    changes.group = core::GroupName{reader.text()};
    changes.number = reader.number();
    changes.committed = reader.number();
    for (size_t left = reader.count(); left > 0; --left) changes.edits.push_back(read_edit(reader));
    record = std::move(changes);
  } else if (kind == static_cast<uint64_t>(Kind::copied)) {
    Copied copied;
    copied.group = core::GroupName{reader.text()};
    copied.all = reader.flag();
    copied.number = reader.number();
    copied.committed = reader.number();
    copied.forgotten = reader.number();
    const uint64_t soundness = reader.number();
    if (soundness > static_cast<uint64_t>(Soundness::damaged))
      reader.fail();
    else
      copied.soundness = static_cast<Soundness>(soundness);
    for (size_t left = reader.count(); left > 0; --left) copied.items.push_back(read_item(reader));
    record = std::move(copied);
  }
  return reader.read_all() ? record : std::nullopt;
}

// Whether the record goes on from what the ones before it say.
bool apply(FileState& state, const Record& record) {
  if (const auto* changes = std::get_if<Changes>(&record)) {
    Content& content = state.contents[changes->group];
    if (changes->number != content.number + 1) return false;
    content.apply(changes->edits);
    content.committed = std::max(content.committed, changes->committed);
    return true;
  }
  const auto& copied = std::get<Copied>(record);
  Content& content = state.contents[copied.group];
  if (copied.all) content.clear();
  for (const Item& item : copied.items) content.take(item);
  content.number = copied.number;
  content.committed = copied.committed;
  content.forgotten = copied.forgotten;
  state.soundness_of.erase(copied.group);
  if (copied.soundness != Soundness::sound) state.soundness_of[copied.group] = copied.soundness;
  return true;
}

// The content of the record there; empty when there is no whole one.
std::string_view content_at(std::string_view file, size_t at, uint64_t place) {
  const size_t length = length_at(file, at);
  const std::string_view content = file.substr(std::min(file.size(), at + kHeadBytes), length);
  const bool whole = length > 0 && file.substr(at + kHeadBytes - kChecksumBytes, kChecksumBytes) ==
                                       checksum(place, content);
  return whole ? content : std::string_view{};
}

// A record that was written after the one that makes no sense shows that that one was whole once.
bool another_follows(std::string_view file, size_t at, uint64_t place) {
  for (size_t next = file.find(kBegin, at + 1); next != std::string_view::npos;
       next = file.find(kBegin, next + 1))
    if (!content_at(file, next, place + 1).empty()) return true;
  return false;
}

}  // namespace

std::string encode(const Record& record, uint64_t place) {
  const std::string content =
      std::visit([](const auto& value) { return content_of(value); }, record);
  std::string bytes(kBegin);
  bytes.reserve(kHeadBytes + content.size());
  bytes += little_endian(content.size(), kLengthBytes);
  bytes += checksum(place, content);
  bytes += content;
  return bytes;
}

Copied copy_of(const core::GroupName& group, const Content& content, Soundness soundness) {
  Copied copied{group, true, {}, content.number, content.committed, content.forgotten, soundness};
  copied.items.reserve(content.entries().size());
  for (const auto& [id, entry] : content.entries()) copied.items.push_back({id, entry});
  return copied;
}

FileState read_file_state(std::string_view file) {
  FileState state;
  for (;;) {
    const std::string_view content = content_at(file, state.bytes, state.records);
    if (content.empty()) break;
    const auto record = decode(content);
    if (!record || !apply(state, *record)) {
      state.soundness = Soundness::damaged;
      return state;
    }
    state.bytes += kHeadBytes + content.size();
    ++state.records;
  }
  if (file.find_first_not_of('\0', state.bytes) == std::string_view::npos) return state;
  state.soundness =
      another_follows(file, state.bytes, state.records) ? Soundness::damaged : Soundness::torn;
  return state;
}

void write_item(ByteWriter& writer, const Item& item) {
  writer.text(item.id);
  writer.flag(item.entry.there);
  writer.number(item.entry.modified);
  writer.text(item.entry.data);
}

Item read_item(ByteReader& reader) {
  Item item;
  item.id = reader.text();
  item.entry.there = reader.flag();
  item.entry.modified = reader.number();
  item.entry.data = reader.text();
  return item;
}

void write_edit(ByteWriter& writer, const Edit& edit) {
  writer.number(static_cast<uint64_t>(edit.what));
  writer.text(edit.id);
  writer.text(edit.data);
}

Edit read_edit(ByteReader& reader) {
  Edit edit;
  const uint64_t what = reader.number();
  if (what < static_cast<uint64_t>(Edit::What::put) ||
      what > static_cast<uint64_t>(Edit::What::erase_all_at))
    reader.fail();
  else
    edit.what = static_cast<Edit::What>(what);
  edit.id = reader.text();
  edit.data = reader.text();
  return edit;
}

}  // namespace tasuki::settings
