#include "cluster/runner/settings_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {
namespace {

// The file grows by so many zeros at once, so that most writes do not change its size.
constexpr size_t kGrowBytes = size_t{1024} * 1024;

Result<void> write_at(int file, std::string_view bytes, size_t at) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_failure("write");
    bytes.remove_prefix(static_cast<size_t>(written));
    at += static_cast<size_t>(written);
  }
  return {};
}

}  // namespace

SettingsFile::SettingsFile(asio::io_context& io, std::string path,
                           std::function<void(const OnDisk&)> stored)
    : io_(io), path_(std::move(path)), stored_(std::move(stored)) {}

SettingsFile::~SettingsFile() {
  writer_.join();
}

Result<std::optional<settings::FileState>> SettingsFile::open() {
  const auto text = read_file(path_);
  if (!text && text.error().code == ENOENT) return std::nullopt;
  if (!text) return failure(text.error());
  auto state = settings::read_file_state(*text);
  if (state.soundness == core::SettingsStand::Soundness::damaged)
    if (auto kept = replace_file_durably(path_ + ".damaged", *text); !kept)
      return failure(kept.error());
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file_) return errno_failure(path_);
  end_ = state.bytes;
  allocated_ = text->size();
  records_ = state.records;
  return state;
}

void SettingsFile::forget_damaged() {
  std::error_code ignored;
  std::filesystem::remove(path_ + ".damaged", ignored);
}

void SettingsFile::keep(settings::Keep keep) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(keep));
  if (waiting_.size() == 1) asio::post(writer_, [this] { write_waiting(); });
}

void SettingsFile::write_waiting() {
  std::vector<settings::Keep> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(waiting_);
  }
  OnDisk on_disk;
  Result<void> done;
  for (const settings::Keep& keep : batch) {
    if (done) done = write(keep);
    for (const settings::Record& record : keep.records)
      std::visit(
          [&](const auto& kept) {
            ++on_disk[kept.group].records;
            on_disk[kept.group].number = kept.number;
          },
          record);
  }
  if (done && ::fdatasync(file_.get()) != 0) done = errno_failure("fdatasync");
  if (!done) {
    log::error("the settings cannot be kept: {}: {}; this node stops", path_, done.error().what);
    std::_Exit(EXIT_FAILURE);
  }
  asio::post(io_, [this, on_disk = std::move(on_disk)] { stored_(on_disk); });
}

Result<void> SettingsFile::write(const settings::Keep& keep) {
  std::string bytes;
  if (keep.anew || !file_) {
    records_ = 0;
    for (const settings::Record& record : keep.records)
      bytes += settings::encode(record, records_++);
    if (auto done = replace_file_durably(path_, bytes); !done) return done;
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file_) return errno_failure("open");
    end_ = allocated_ = bytes.size();
    return {};
  }
  for (const settings::Record& record : keep.records) bytes += settings::encode(record, records_++);
  return append(bytes);
}

Result<void> SettingsFile::append(const std::string& bytes) {
  if (end_ + bytes.size() > allocated_) {
    const size_t wanted = end_ + bytes.size() + kGrowBytes;
    if (auto done = write_at(file_.get(), std::string(wanted - allocated_, '\0'), allocated_);
        !done)
      return done;
    allocated_ = wanted;
    if (::fsync(file_.get()) != 0) return errno_failure("fsync");
  }
  auto done = write_at(file_.get(), bytes, end_);
  end_ += bytes.size();
  return done;
}

}  // namespace tasuki::runner
