#include "kit/machine.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki {
namespace {

class MachineTest : public testing::Test {
 public:
  MachineTest() : root_(make_test_folder()) {}
  ~MachineTest() override { std::filesystem::remove_all(root_); }

 protected:
  void has(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    ASSERT_TRUE(replace_file_durably(root_ + path, content));
  }
  void has_pc() { has("/proc/cpuinfo", "processor : 0\nflags : fpu vme rdtscp\nbugs :\n"); }
  std::string root_;
};

TEST_F(MachineTest, a_processor_that_knows_hypervisors_and_sees_none_is_real) {
  has_pc();
  has("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
  EXPECT_FALSE(is_virtual_machine(root_));
}

TEST_F(MachineTest, a_guest_is_told_by_its_processor) {
  has("/proc/cpuinfo", "flags : fpu vme hypervisor\n");
  EXPECT_TRUE(is_virtual_machine(root_));
}

TEST_F(MachineTest, a_guest_whose_processor_hides_it_is_told_by_its_firmware_or_kernel) {
  has_pc();
  has("/sys/class/dmi/id/sys_vendor", "QEMU\n");
  EXPECT_TRUE(is_virtual_machine(root_));
  has("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
  EXPECT_FALSE(is_virtual_machine(root_));
  has("/sys/hypervisor/type", "xen\n");
  EXPECT_TRUE(is_virtual_machine(root_));
}

TEST_F(MachineTest, a_processor_that_tells_nothing_may_be_a_guests) {
  has("/proc/cpuinfo", "processor : 0\nFeatures : fp asimd\nCPU implementer : 0x41\n");
  EXPECT_TRUE(is_virtual_machine(root_));
}

TEST_F(MachineTest, what_cannot_be_read_tells_nothing) {
  EXPECT_TRUE(is_virtual_machine(root_));
}

}  // namespace
}  // namespace tasuki
