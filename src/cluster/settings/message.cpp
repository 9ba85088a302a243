#include "cluster/settings/message.hpp"

#include "cluster/settings/bytes.hpp"
#include "cluster/settings/record.hpp"

namespace tasuki::settings {
namespace {

constexpr uint64_t kFormat = 1;
enum class Kind : uint8_t { changed = 1, stored, wanted, part };

void write(ByteWriter& writer, const Changed& message) {
  writer.number(static_cast<uint64_t>(Kind::changed));
  writer.text(message.group.value);
  writer.number(message.batch);
  writer.number(message.committed);
  writer.number(message.edits.size());
  for (const Edit& edit : message.edits) write_edit(writer, edit);
}
Changed read_changed(ByteReader& reader) {
  Changed message;
  message.group = core::GroupName{reader.text()};
  message.batch = reader.number();
  message.committed = reader.number();
  for (size_t left = reader.count(); left > 0; --left) message.edits.push_back(read_edit(reader));
  return message;
}

void write(ByteWriter& writer, const Stored& message) {
  writer.number(static_cast<uint64_t>(Kind::stored));
  writer.text(message.group.value);
  writer.text(message.basis);
  writer.number(message.number);
}
Stored read_stored(ByteReader& reader) {
  Stored message;
  message.group = core::GroupName{reader.text()};
  message.basis = reader.text();
  message.number = reader.number();
  return message;
}

void write(ByteWriter& writer, const Wanted& message) {
  writer.number(static_cast<uint64_t>(Kind::wanted));
  writer.text(message.group.value);
  writer.text(message.basis);
  writer.flag(message.all);
  writer.number(message.committed);
  writer.number(message.since.size());
  for (const std::string& id : message.since) writer.text(id);
}
Wanted read_wanted(ByteReader& reader) {
  Wanted message;
  message.group = core::GroupName{reader.text()};
  message.basis = reader.text();
  message.all = reader.flag();
  message.committed = reader.number();
  for (size_t left = reader.count(); left > 0; --left) message.since.push_back(reader.text());
  return message;
}

void write(ByteWriter& writer, const Part& message) {
  writer.number(static_cast<uint64_t>(Kind::part));
  writer.text(message.group.value);
  writer.text(message.basis);
  writer.number(message.to.value);
  writer.flag(message.all);
  writer.flag(message.last);
  writer.number(message.number);
  writer.number(message.committed);
  writer.number(message.forgotten);
  writer.text(message.digest);
  writer.number(message.items.size());
  for (const Item& item : message.items) write_item(writer, item);
}
Part read_part(ByteReader& reader) {
  Part message;
  message.group = core::GroupName{reader.text()};
  message.basis = reader.text();
  message.to = core::NodeId{static_cast<uint32_t>(reader.number())};
  message.all = reader.flag();
  message.last = reader.flag();
  message.number = reader.number();
  message.committed = reader.number();
  message.forgotten = reader.number();
  message.digest = reader.text();
  for (size_t left = reader.count(); left > 0; --left) message.items.push_back(read_item(reader));
  return message;
}

}  // namespace

std::string encode(const Message& message) {
  ByteWriter writer;
  writer.number(static_cast<uint64_t>(kFirstByte));
  writer.number(kFormat);
  std::visit([&](const auto& value) { write(writer, value); }, message);
  return std::move(writer).take();
}

Result<Message> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.number() != static_cast<uint64_t>(kFirstByte))
    return failure("a message about settings has no beginning");
  if (const uint64_t format = reader.number(); format != kFormat)
    return failure("a message about settings has a format that this build does not know");
  const auto finished = [&](Message message) -> Result<Message> {
    if (!reader.read_all()) return failure("a message about settings is damaged");
    return message;
  };
  switch (static_cast<Kind>(reader.number())) {
    case Kind::changed:
      return finished(read_changed(reader));
    case Kind::stored:
      return finished(read_stored(reader));
    case Kind::wanted:
      return finished(read_wanted(reader));
    case Kind::part:
      return finished(read_part(reader));
  }
  return failure("a message about settings is of a kind that this build does not know");
}

}  // namespace tasuki::settings
