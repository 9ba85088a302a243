#include "cluster/guard/scsi_device.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "cluster/guard/scsi_fake.hpp"
#include "cluster/guard/scsi_path.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::guard {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder with a dev and a sys below it.
class ScsiDeviceTest : public testing::Test {
 public:
  ScsiDeviceTest() { fs::create_directories(folder / "sys/class/block"); }
  ~ScsiDeviceTest() override { fs::remove_all(folder); }

 protected:
  // As the kernel shows it: a folder somewhere below devices, and a link to it.
  void add_block(const std::string& name, const std::string& place) {
    fs::create_directories(folder / "sys/devices" / place);
    fs::create_symlink("../../devices/" + place, folder / "sys/class/block" / name);
    write("dev/" + name, "");
  }
  void add_disk(const std::string& name) {
    add_block(name, "pci/" + name);
    fs::create_directories(folder / "sys/devices/pci" / name / "slaves");
  }
  void add_partition(const std::string& disk, const std::string& name) {
    add_block(name, "pci/" + disk + "/" + name);
    write("sys/devices/pci/" + disk + "/" + name + "/partition", "1\n");
  }
  void add_mapped(const std::string& name, const std::string& uuid,
                  const std::vector<std::string>& slaves) {
    add_block(name, "virtual/" + name);
    write("sys/devices/virtual/" + name + "/dm/uuid", uuid + "\n");
    const fs::path links = folder / "sys/devices/virtual" / name / "slaves";
    fs::create_directories(links);
    for (const std::string& slave : slaves)
      fs::create_symlink("../../../pci/" + slave, links / slave);
  }
  void add_link(const std::string& name, const std::string& target) {
    fs::create_directories((folder / "dev" / name).parent_path());
    fs::create_symlink(folder / "dev" / target, folder / "dev" / name);
  }

  Result<DiskPaths> find(const std::string& name) {
    return paths_of(folder / "dev" / name, folder / "sys");
  }

  fs::path folder = make_test_folder();

 private:
  void write(const std::string& name, const std::string& content) {
    fs::create_directories((folder / name).parent_path());
    ASSERT_TRUE(replace_file_durably(folder / name, content));
  }
};

TEST_F(ScsiDeviceTest, a_whole_disk_is_its_own_path) {
  add_disk("sdb");
  EXPECT_EQ(find("sdb"), (DiskPaths{"/dev/sdb", {"/dev/sdb"}}));
}

TEST_F(ScsiDeviceTest, a_partition_is_on_its_disk) {
  add_disk("sdb");
  add_partition("sdb", "sdb1");
  EXPECT_EQ(find("sdb1"), (DiskPaths{"/dev/sdb", {"/dev/sdb"}}));
}

TEST_F(ScsiDeviceTest, follows_the_other_names_of_a_device) {
  add_disk("sdb");
  add_partition("sdb", "sdb1");
  add_link("disk/by-id/wwn-0x6001405-part1", "sdb1");
  EXPECT_EQ(find("disk/by-id/wwn-0x6001405-part1"), (DiskPaths{"/dev/sdb", {"/dev/sdb"}}));
}

TEST_F(ScsiDeviceTest, a_multipath_device_has_the_paths_below_it) {
  add_disk("sdc");
  add_disk("sdb");
  add_mapped("dm-0", "mpath-36001405", {"sdc", "sdb"});
  add_link("mapper/data", "dm-0");
  EXPECT_EQ(find("mapper/data"), (DiskPaths{"/dev/dm-0", {"/dev/sdb", "/dev/sdc"}}));
}

TEST_F(ScsiDeviceTest, a_partition_of_a_multipath_device_has_its_paths) {
  add_disk("sdb");
  add_disk("sdc");
  add_mapped("dm-0", "mpath-36001405", {"sdb", "sdc"});
  add_mapped("dm-1", "part1-mpath-36001405", {"dm-0"});
  EXPECT_EQ(find("dm-1"), (DiskPaths{"/dev/dm-0", {"/dev/sdb", "/dev/sdc"}}));
}

TEST_F(ScsiDeviceTest, refuses_a_multipath_device_without_paths) {
  add_mapped("dm-0", "mpath-36001405", {});
  const auto found = find("dm-0");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("dm-0 has no paths at all"));
}

TEST_F(ScsiDeviceTest, refuses_what_may_lie_on_several_disks) {
  add_disk("sdb");
  add_disk("sdc");
  add_mapped("dm-0", "LVM-abc", {"sdb", "sdc"});
  const auto found = find("dm-0");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("dm-0 is put together from sdb, sdc; reservations "
                                            "guard a disk"));
}

TEST_F(ScsiDeviceTest, refuses_what_is_no_block_device) {
  EXPECT_FALSE(find("nowhere"));
  add_disk("sdb");
  add_link("copy", "../sys/class/block");
  const auto found = find("copy");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("copy is not a block device"));
}

TEST(ScsiPathTest, names_a_device_that_cannot_be_opened) {
  const auto path = open_scsi_path("/dev/nowhere");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().what, "open /dev/nowhere: No such file or directory");
}

// As a disk of virtio answers.
TEST(ScsiPathTest, a_device_that_speaks_no_scsi_knows_no_command) {
  const auto path = open_scsi_path("/dev/null");
  ASSERT_TRUE(path);
  const auto keys = (*path)->read_keys();
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error(),
            (ScsiFailure{ScsiRefusal::invalid_command, "it takes no SCSI commands at all"}));
  EXPECT_EQ((*path)->logical_unit_id().error().refusal, ScsiRefusal::invalid_command);
  EXPECT_FALSE((*path)->reserve_out(
      {.action = ReserveAction::enroll, .key = {}, .service_action_key = ReservationKey(1)}));
}

TEST(ScsiPathTest, paths_to_different_disks_are_none_to_one) {
  FakeLun one;
  FakeLun other;
  other.id = "naa.6001405000000002";
  auto paths = fake_paths(one, {"sv1 a", "sv1 b"});
  EXPECT_TRUE(check_one_disk(paths));
  for (auto& path : fake_paths(other, {"sv1 c"})) paths.push_back(std::move(path));
  EXPECT_EQ(check_one_disk(paths).error().what,
            "sv1 a leads to naa.6001405000000001 and sv1 c to naa.6001405000000002: they are paths "
            "to different disks");
}

}  // namespace
}  // namespace tasuki::guard
