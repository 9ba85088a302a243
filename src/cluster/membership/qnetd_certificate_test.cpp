#include "cluster/membership/qnetd_certificate.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/program.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::membership {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// An authority and a certificate, as a qnetd's machine makes them.
constexpr const char* kMakeCertificate = R"(
set -e
cd "$1"
: > password
head -c 64 /dev/urandom > noise
certutil -N -d . -f password
printf 'y\n0\ny\n' | certutil -S -d . -n "QNet CA" -s "CN=QNet CA" -x -t CT,, -m 1 -z noise -f password -2
certutil -S -d . -n "Cluster Cert" -s CN=office -c "QNet CA" -t u,u,u -m 2 -z noise -f password
pk12util -d . -k password -n "Cluster Cert" -W "" -o witness.p12
)";

struct QnetdCertificate : testing::Test {
  ~QnetdCertificate() override { std::filesystem::remove_all(folder); }

  void make_certificate() {
    const auto made = run_to_success({"/bin/sh", "-c", kMakeCertificate, "sh", folder}, after(60s));
    ASSERT_TRUE(made) << made.error().what;
  }
  Result<void> install() { return install_qnetd_certificate(file, database); }
  // As certutil lists it: with the private key ("u") or trusted to sign ("CT").
  [[nodiscard]] bool has(const std::string& name, const std::string& trust) const {
    return run_to_success({"/bin/sh", "-c", R"(certutil -L -d "$1" | grep -Eq "^$2 +$3 *$")", "sh",
                           database, name, trust},
                          after(60s))
        .has_value();
  }

  std::string folder = make_test_folder();
  std::string file = folder + "/witness.p12";
  std::string database = folder + "/net/nssdb";
};

TEST_F(QnetdCertificate, becomes_the_database_that_qdevice_reads) {
  make_certificate();
  const auto installed = install();
  ASSERT_TRUE(installed) << installed.error().what;
  EXPECT_TRUE(has("Cluster Cert", "u,u,u"));
  EXPECT_TRUE(has("QNet CA", "CT,c,c"));
  EXPECT_EQ(read_file(database + "/pwdfile.txt"), "");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(database).permissions(), perms::owner_all);
}

TEST_F(QnetdCertificate, that_is_installed_is_not_installed_again) {
  make_certificate();
  ASSERT_TRUE(install());
  ASSERT_TRUE(replace_file_durably(database + "/mark", ""));
  ASSERT_TRUE(install());
  EXPECT_TRUE(std::filesystem::exists(database + "/mark"));
}

TEST_F(QnetdCertificate, replaces_an_older_one) {
  make_certificate();
  ASSERT_TRUE(install());
  const std::string older = read_file(database + "/witness.p12").value();
  std::filesystem::remove(file);
  for (const char* name : {"cert9.db", "key4.db", "pkcs11.txt"})
    std::filesystem::remove(folder + "/" + name);
  make_certificate();
  ASSERT_TRUE(install());
  EXPECT_NE(read_file(database + "/witness.p12"), older);
  EXPECT_EQ(read_file(database + "/witness.p12"), read_file(file).value());
  EXPECT_TRUE(has("Cluster Cert", "u,u,u"));
}

TEST_F(QnetdCertificate, keeps_beside_it_what_was_made_by_hand) {
  make_certificate();
  ASSERT_TRUE(make_folders(database));
  ASSERT_TRUE(replace_file_durably(database + "/cert9.db", "by hand"));
  ASSERT_TRUE(install());
  EXPECT_EQ(read_file(database + ".old/cert9.db"), "by hand");
  EXPECT_TRUE(has("Cluster Cert", "u,u,u"));
}

TEST_F(QnetdCertificate, that_is_damaged_leaves_what_is_installed) {
  make_certificate();
  ASSERT_TRUE(install());
  ASSERT_TRUE(replace_file_durably(file, "torn"));
  const auto refused = install();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, StartsWith(file + " is no certificate of a witness: "));
  EXPECT_FALSE(std::filesystem::exists(database + ".new")) << "it has a part of a key";
  EXPECT_TRUE(has("Cluster Cert", "u,u,u"));
}

TEST_F(QnetdCertificate, that_is_missing_is_told_with_what_makes_it) {
  const auto missing = install();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, HasSubstr("tasuki witness qnetd"));
  EXPECT_THAT(missing.error().what, HasSubstr(file));
}

TEST_F(QnetdCertificate, is_not_needed_where_the_database_was_made_by_hand) {
  ASSERT_TRUE(make_folders(database));
  ASSERT_TRUE(replace_file_durably(database + "/cert9.db", ""));
  EXPECT_TRUE(install());
}

}  // namespace
}  // namespace tasuki::membership
