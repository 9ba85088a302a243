#include "cluster/membership/qnetd_certificate.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/program.hpp"

namespace tasuki::membership {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCertutil = "/usr/bin/certutil";
constexpr const char* kPk12util = "/usr/bin/pk12util";
constexpr const char* kQnetdCertutil = "/usr/bin/corosync-qnetd-certutil";
constexpr const char* kQnetdDatabase = "/etc/corosync/qnetd/nssdb";
constexpr const char* kAuthorityFile = "/qnetd-cacert.crt";
constexpr const char* kQnetdGroup = "coroqnetd";
// In memory: the key is on no disk but in its file.
constexpr const char* kMadeIn = "/run/tasuki/qnetd";
// As corosync-qdevice-net-certutil names them; corosync-qdevice looks for the second.
constexpr const char* kAuthorityName = "QNet CA";
constexpr const char* kCertificateName = "Cluster Cert";
constexpr const char* kAuthorityTrust = "CT,c,c";
constexpr size_t kNoiseBytes = 64;
constexpr std::chrono::seconds kLimit{60};  // making a key takes long without a fast processor

Result<void> run(std::vector<std::string> command) {
  return run_to_success(std::move(command), after(kLimit));
}

bool is_there(const std::string& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

// A folder for root alone that goes with the object, and one at a time: at a boot tasukid and what
// comes before Corosync may want it at once.
class Workplace {
 public:
  static Result<Workplace> make(std::string path) {
    const std::string parent = fs::path(path).parent_path().string();
    if (auto made = make_folders(parent); !made) return failure(made.error());
    Fd lock(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return errno_failure("lock " + parent);
    std::error_code problem;
    fs::remove_all(path, problem);  // of one that was interrupted
    if (::mkdir(path.c_str(), 0700) != 0) return errno_failure("make " + path);
    return Workplace(std::move(path), std::move(lock));
  }
  Workplace(Workplace&& other) noexcept
      : path_(std::exchange(other.path_, "")), lock_(std::move(other.lock_)) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

  // Goes to the place of what is at the target.
  Result<void> replace(const std::string& target) {
    std::error_code problem;
    fs::remove_all(target, problem);
    if (!problem) fs::rename(path_, target, problem);
    if (problem) return failure(fmt::format("replace {}: {}", target, problem.message()));
    path_.clear();
    return {};
  }

 private:
  Workplace(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  Fd lock_;
};

// NSS asks for a password unless it finds an empty one in a file.
std::string password_file(const Workplace& folder) {
  return folder.file("pwdfile.txt");
}

Result<void> make_database(const Workplace& folder) {
  if (auto written = create_private_file(password_file(folder), ""); !written) return written;
  return run({kCertutil, "-N", "-d", folder.path(), "-f", password_file(folder)});
}

// NSS wants more to make a key of than the kernel's own.
Result<std::string> make_noise() {
  std::string noise(kNoiseBytes, '\0');
  if (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size()))
    return errno_failure("getrandom");
  return noise;
}

// The steps are those of corosync-qdevice-net-certutil(8), all on one machine: the key is made
// where it is signed, and travels in the one file.
Result<void> make_in(const Workplace& folder, const std::string& cluster) {
  const std::string database = kQnetdDatabase;
  const std::string password = password_file(folder);
  const std::string request = folder.file("request");
  const std::string noise = folder.file("noise");
  const auto random = make_noise();
  if (!random) return failure(random.error());
  if (auto written = create_private_file(noise, *random); !written) return written;
  // corosync-qnetd-certutil ends well when it could not sign; an older one is not to be taken for
  // it.
  const std::string signed_one = fmt::format("{}/cluster-{}.crt", database, cluster);
  std::error_code ignored;
  fs::remove(signed_one, ignored);
  const std::vector<std::string> steps[] = {
      {kCertutil, "-A", "-d", folder.path(), "-t", kAuthorityTrust, "-n", kAuthorityName, "-f",
       password, "-i", database + kAuthorityFile},
      {kCertutil, "-R", "-d", folder.path(), "-s", "CN=" + cluster, "-o", request, "-f", password,
       "-z", noise},
      {kQnetdCertutil, "-s", "-c", request, "-n", cluster},
      {kCertutil, "-A", "-d", folder.path(), "-t", "u,u,u", "-n", kCertificateName, "-f", password,
       "-i", signed_one},
      {kPk12util, "-o", folder.file("made"), "-d", folder.path(), "-k", password, "-W", "", "-n",
       kCertificateName},
  };
  if (auto made = make_database(folder); !made) return made;
  for (const auto& step : steps)
    if (auto done = run(step); !done) return done;
  return {};
}

}  // namespace

// What Debian's package does when it is installed, where that was undone or never ended.
Result<bool> make_qnetd_authority() {
  const std::string database = kQnetdDatabase;
  const auto authority = read_file(database + kAuthorityFile);
  if (authority && !authority->empty()) return false;
  // Never undone here: other clusters may be known by it.
  if (is_there(database + "/cert9.db"))
    return failure(
        fmt::format("{} has keys but no {}, as when making it was interrupted; if no "
                    "cluster uses this qnetd yet, remove that folder and try again",
                    database, kAuthorityFile + 1));
  if (auto made = run({kQnetdCertutil, "-i", "-G"}); !made) return failure(made.error());
  const group* const qnetd = ::getgrnam(kQnetdGroup);
  if (qnetd == nullptr) return true;
  for (const char* name : {"", "/cert9.db", "/key4.db"})
    if (::chown((database + name).c_str(), static_cast<uid_t>(-1), qnetd->gr_gid) != 0)
      return errno_failure("change the group of " + database + name);
  return true;
}

Result<void> make_qnetd_certificate(const std::string& cluster, const std::string& file) {
  const auto folder = Workplace::make(kMadeIn);
  if (!folder) return failure(folder.error());
  if (auto made = make_in(*folder, cluster); !made) return made;
  const auto content = read_file(folder->file("made"));
  if (!content) return failure(content.error());
  return create_private_file(file, *content);
}

Result<void> install_qnetd_certificate(const std::string& file, const std::string& database) {
  const auto content = read_file(file);
  if (!content && content.error().code == ENOENT && is_there(database + "/cert9.db")) return {};
  if (!content)
    return failure(content.error().during(
        "the witness gives this server no vote without its certificate, which \"tasuki witness "
        "qnetd\" makes there"));
  constexpr const char* kInstalled = "witness.p12";
  const auto is_installed = [&](const Result<std::string>& found) {
    return found && *found == *content;
  };
  if (is_installed(read_file(database + "/" + kInstalled))) return {};
  auto folder = Workplace::make(database + ".new");
  if (!folder) return failure(folder.error());
  const auto installed = read_file(database + "/" + kInstalled);
  if (is_installed(installed)) return {};  // by whoever had the folder before
  if (auto made = make_database(*folder); !made) return made;
  const std::string password = password_file(*folder);
  const std::string copy = folder->file(kInstalled);
  if (auto copied = create_private_file(copy, *content); !copied) return copied;
  if (auto read = run({kPk12util, "-i", copy, "-d", folder->path(), "-k", password, "-W", ""});
      !read)
    return failure(read.error().during(file + " is no certificate of a witness"));
  if (auto trusted = run({kCertutil, "-M", "-d", folder->path(), "-n", kAuthorityName, "-t",
                          kAuthorityTrust, "-f", password});
      !trusted)
    return failure(trusted.error().during(file + " has no authority of a qnetd"));
  if (!installed && is_there(database)) {
    std::error_code problem;
    fs::rename(database, database + ".old", problem);
    if (problem) return failure(fmt::format("keep {} as .old: {}", database, problem.message()));
  }
  return folder->replace(database);
}

}  // namespace tasuki::membership
