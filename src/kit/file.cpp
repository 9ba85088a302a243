#include "kit/file.hpp"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"

namespace tasuki {
Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_failure("write " + path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> sync_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + folder);
  if (::fsync(fd.get()) != 0) return errno_failure("fsync " + folder);
  return {};
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + path);
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure("read " + path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > bytes_max)
      return failure(fmt::format("read {}: it has more than {} bytes", path, bytes_max), EFBIG);
  }
}

Result<void> write_file(const std::string& path, std::string_view content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + path);
  return write_all(fd.get(), content, path);
}

Result<void> create_private_file(const std::string& path, std::string_view content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return errno_failure("create " + path);
  auto written = write_all(fd.get(), content, path);
  if (written && ::fsync(fd.get()) != 0) written = errno_failure("fsync " + path);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<void> replace_file_durably(const std::string& path, std::string_view content,
                                  unsigned mode) {
  const std::string beside = path + ".new";
  {
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) return errno_failure("open " + beside);
    if (::fchmod(fd.get(), mode) != 0) return errno_failure("chmod " + beside);
    if (auto done = write_all(fd.get(), content, beside); !done) return done;
    if (::fsync(fd.get()) != 0) return errno_failure("fsync " + beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return errno_failure("rename " + beside);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return sync_folder(folder.empty() ? "." : folder);
}

Result<void> make_folders(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return failure("create " + path + ": " + error.message(), error.value());
  return {};
}

}  // namespace tasuki
