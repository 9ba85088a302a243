#include "cluster/membership/qnetd_certificate.hpp"

#include <filesystem>
#include <grp.h>
#include <sodium.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/file.hpp"
#include "kit/program.hpp"

namespace tasuki::membership {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCertutil = "/usr/bin/certutil";
constexpr const char* kPk12util = "/usr/bin/pk12util";
constexpr const char* kQnetdCertutil = "/usr/bin/corosync-qnetd-certutil";
constexpr const char* kQnetdDatabase = "/etc/corosync/qnetd/nssdb";
constexpr const char* kQnetdGroup = "coroqnetd";
// As corosync-qdevice-net-certutil names them; corosync-qdevice looks for the second.
constexpr const char* kAuthorityName = "QNet CA";
constexpr const char* kCertificateName = "Cluster Cert";
constexpr const char* kAuthorityTrust = "CT,c,c";
constexpr size_t kNoiseBytes = 64;
constexpr std::chrono::seconds kLimit{60};  // making a key takes long without a fast processor

Result<void> run(std::vector<std::string> command) {
  return run_to_success(std::move(command), after(kLimit));
}

// A folder beside the path, for root alone, that goes with the object unless it was moved away.
class NewFolder {
 public:
  static Result<NewFolder> beside(const std::string& path) {
    const fs::path parent = fs::absolute(path).parent_path();
    if (auto made = make_folders(parent.string()); !made) return failure(made.error());
    std::string name = (parent / ".tasuki-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      return errno_failure("make a folder in " + parent.string());
    return NewFolder(std::move(name));
  }
  NewFolder(NewFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

  Result<void> replace(const std::string& target) {
    std::error_code problem;
    fs::remove_all(target, problem);
    if (!problem) fs::rename(path_, target, problem);
    if (problem) return failure(fmt::format("replace {}: {}", target, problem.message()));
    path_.clear();
    return {};
  }

 private:
  explicit NewFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// NSS asks for a password unless it finds an empty one in a file.
std::string password_file(const NewFolder& folder) {
  return folder.file("pwdfile.txt");
}

Result<void> make_database(const NewFolder& folder) {
  if (auto written = replace_file_durably(password_file(folder), ""); !written) return written;
  return run({kCertutil, "-N", "-d", folder.path(), "-f", password_file(folder)});
}

// What Debian's package does when it is installed, where that was undone or never ran.
Result<void> make_authority() {
  const std::string database = kQnetdDatabase;
  if (fs::exists(database + "/cert9.db")) return {};
  if (auto made = run({kQnetdCertutil, "-i", "-G"}); !made) return made;
  const group* const qnetd = ::getgrnam(kQnetdGroup);
  if (qnetd == nullptr) return {};
  for (const char* name : {"", "/cert9.db", "/key4.db"})
    if (::chown((database + name).c_str(), static_cast<uid_t>(-1), qnetd->gr_gid) != 0)
      return errno_failure("change the group of " + database + name);
  return {};
}

std::string make_noise() {
  const int status = sodium_init();
  TASUKI_ASSERT(status >= 0);
  std::string noise(kNoiseBytes, '\0');
  randombytes_buf(noise.data(), noise.size());
  return noise;
}

// The steps are those of corosync-qdevice-net-certutil(8), all on one machine: the key is made
// where it is signed, and travels in the one file.
Result<void> make_in(const NewFolder& folder, const std::string& cluster) {
  const std::string database = kQnetdDatabase;
  const std::string password = password_file(folder);
  const std::string request = folder.file("request");
  const std::string noise = folder.file("noise");
  if (auto written = replace_file_durably(noise, make_noise()); !written) return written;
  const std::vector<std::string> steps[] = {
      {kCertutil, "-A", "-d", folder.path(), "-t", kAuthorityTrust, "-n", kAuthorityName, "-f",
       password, "-i", database + "/qnetd-cacert.crt"},
      {kCertutil, "-R", "-d", folder.path(), "-s", "CN=" + cluster, "-o", request, "-f", password,
       "-z", noise},
      {kQnetdCertutil, "-s", "-c", request, "-n", cluster},
      {kCertutil, "-A", "-d", folder.path(), "-t", "u,u,u", "-n", kCertificateName, "-f", password,
       "-i", fmt::format("{}/cluster-{}.crt", database, cluster)},
      {kPk12util, "-o", folder.file("made"), "-d", folder.path(), "-k", password, "-W", "", "-n",
       kCertificateName},
  };
  if (auto made = make_database(folder); !made) return made;
  for (const auto& step : steps)
    if (auto done = run(step); !done) return done;
  return {};
}

}  // namespace

Result<void> make_qnetd_certificate(const std::string& cluster, const std::string& file) {
  if (fs::exists(file))
    return failure(file + " is there already and is kept; remove it, or name another with --out");
  if (auto made = make_authority(); !made) return made;
  const auto folder = NewFolder::beside(file);
  if (!folder) return failure(folder.error());
  if (auto made = make_in(*folder, cluster); !made) return made;
  const auto content = read_file(folder->file("made"));
  if (!content) return failure(content.error());
  return replace_file_durably(file, *content);
}

Result<void> install_qnetd_certificate(const std::string& file, const std::string& database) {
  const auto content = read_file(file);
  if (!content && fs::exists(database + "/cert9.db")) return {};
  if (!content)
    return failure(content.error().during(
        "the witness gives this server no vote without its certificate, which \"tasuki witness "
        "qnetd\" makes there"));
  constexpr const char* kInstalled = "witness.p12";
  if (const auto installed = read_file(database + "/" + kInstalled);
      installed && *installed == *content)
    return {};
  auto folder = NewFolder::beside(database);
  if (!folder) return failure(folder.error());
  if (auto made = make_database(*folder); !made) return made;
  const std::string password = password_file(*folder);
  if (auto read = run({kPk12util, "-i", file, "-d", folder->path(), "-k", password, "-W", ""});
      !read)
    return failure(read.error().during(file + " is no certificate of a witness"));
  if (auto trusted = run({kCertutil, "-M", "-d", folder->path(), "-n", kAuthorityName, "-t",
                          kAuthorityTrust, "-f", password});
      !trusted)
    return failure(trusted.error().during(file + " has no authority of a qnetd"));
  if (auto kept = replace_file_durably(folder->file(kInstalled), *content); !kept) return kept;
  return folder->replace(database);
}

}  // namespace tasuki::membership
