#include "cluster/settings/file_item.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include <fmt/format.h>

#include "cluster/settings/bytes.hpp"

namespace tasuki::settings {
namespace {

constexpr size_t kFingerprintBytes = 16;

void write_account(ByteWriter& writer, const Account& account) {
  writer.text(account.name);
  writer.number(account.number);
}

Account read_account(ByteReader& reader) {
  Account account;
  account.name = reader.text();
  account.number = static_cast<uint32_t>(reader.number());
  return account;
}

}  // namespace

bool same(const Account& one, const Account& other) {
  if (!one.name.empty() && !other.name.empty()) return one.name == other.name;
  return one.number == other.number;
}

bool same(const FileItem& one, const FileItem& other) {
  if (one.kind != other.kind) return false;
  if (one.kind == FileItem::Kind::absent) return true;
  return one.content == other.content && same(one.owner, other.owner) &&
         same(one.group, other.group) &&
         (one.kind == FileItem::Kind::symlink || one.mode == other.mode);
}

std::string id_of_file(const std::string& path) {
  return path;
}

bool is_file_id(std::string_view id) {
  return id.starts_with('/');
}

// It begins with what no key of the registry does: a text of no bytes.
std::string data_of(const FileItem& item) {
  ByteWriter writer;
  writer.text("");
  writer.number(static_cast<uint64_t>(item.kind));
  writer.text(item.content);
  writer.number(item.mode);
  write_account(writer, item.owner);
  write_account(writer, item.group);
  return std::move(writer).take();
}

std::optional<FileItem> file_item_of(std::string_view data) {
  ByteReader reader(data);
  if (!reader.text().empty()) return std::nullopt;
  const uint64_t kind = reader.number();
  if (kind > static_cast<uint64_t>(FileItem::Kind::symlink)) return std::nullopt;
  FileItem item{static_cast<FileItem::Kind>(kind)};
  item.content = reader.text();
  item.mode = static_cast<uint32_t>(reader.number());
  item.owner = read_account(reader);
  item.group = read_account(reader);
  if (!reader.read_all()) return std::nullopt;
  return item;
}

// Numbers differ from server to server where the names are the same.
std::string fingerprint(const FileItem& item) {
  FileItem plain = item;
  for (Account* account : {&plain.owner, &plain.group})
    if (!account->name.empty()) account->number = 0;
  const std::string data = data_of(plain);
  std::array<unsigned char, kFingerprintBytes> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(data.data()),
                     data.size(), nullptr, 0);
  std::string text;
  for (const unsigned char byte : hash) text += fmt::format("{:02x}", byte);
  return text;
}

FileDeed decide_file(const FileItem& disk, const std::optional<FileItem>& settings,
                     std::span<const std::string> ours, MayChange may) {
  if (may == MayChange::not_now) return FileDeed::nothing;
  if (!settings) return may == MayChange::yes ? FileDeed::propose : FileDeed::nothing;
  if (same(disk, *settings)) return FileDeed::nothing;
  if (std::ranges::find(ours, fingerprint(disk)) != ours.end()) return FileDeed::put;
  if (may == MayChange::yes && !ours.empty()) return FileDeed::propose;
  return disk.kind == FileItem::Kind::absent ? FileDeed::put : FileDeed::keep_aside_and_put;
}

}  // namespace tasuki::settings
