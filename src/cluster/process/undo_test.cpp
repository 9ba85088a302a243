// The releases on the real kernel, in a network and mount namespace of a child process.
#include "cluster/process/undo.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kit/fd.hpp"
#include "kit/text.hpp"

namespace tasuki::process {
namespace {

using namespace std::chrono_literals;

Moment in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// Runs the test's body in namespaces of its own; what it prints is what failed.
void in_namespaces(void (*body)()) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root for namespaces";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      ::_exit(99);
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

bool has_address(const std::string& text) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET) continue;
    char buffer[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(item->ifa_addr);
    found |= text == ::inet_ntop(AF_INET, &address->sin_addr, buffer, sizeof buffer);
  }
  ::freeifaddrs(list);
  return found;
}

void add_address(const char* text) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo:1");
  auto* address = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  address->sin_family = AF_INET;
  ASSERT_EQ(::inet_pton(AF_INET, text, &address->sin_addr), 1);
  ASSERT_EQ(::ioctl(socket, SIOCSIFADDR, &request), 0);
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  ASSERT_EQ(::ioctl(socket, SIOCSIFFLAGS, &request), 0);
  ::close(socket);
}

TEST(Undo, an_address_is_gone_afterwards) {
  in_namespaces([] {
    add_address("10.77.0.9");
    ASSERT_TRUE(has_address("10.77.0.9"));
    const std::vector<Release> releases{ReleaseAddress{"lo", "10.77.0.9", 8}};
    const auto done = undo_releases(releases, in(1s));
    EXPECT_TRUE(done) << done.error().what;
    EXPECT_FALSE(has_address("10.77.0.9"));
    EXPECT_TRUE(undo_releases(releases, in(1s))) << "what is not there is undone";
  });
}

TEST(Undo, what_is_not_there_is_undone) {
  const std::vector<Release> releases{ReleaseAddress{"no-such-link", "10.77.0.9", 24},
                                      ReleaseMount{"/dev/no-such", "/no/such/mount"}};
  EXPECT_TRUE(undo_releases(releases, in(0s)));
}

TEST(Undo, a_mount_is_gone_afterwards_however_often_it_was_mounted) {
  in_namespaces([] {
    const std::string folder = std::filesystem::temp_directory_path();
    for (int times = 0; times < 2; ++times)
      ASSERT_EQ(::mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr), 0);
    EXPECT_TRUE(undo_releases({ReleaseMount{"/dev/no-such", folder}}, in(1s)));
    EXPECT_NE(::umount2(folder.c_str(), UMOUNT_NOFOLLOW), 0) << "nothing is mounted any more";
  });
}

TEST(Undo, a_mount_in_use_is_a_failure_that_names_it) {
  in_namespaces([] {
    const std::string folder = std::filesystem::temp_directory_path();
    ASSERT_EQ(::mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::chdir(folder.c_str()), 0);
    const auto done = undo_releases({ReleaseMount{"/dev/no-such", folder}}, in(20ms));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "unmount " + folder + ": Device or resource busy");
  });
}

// An ext4 file system on a loop device of its own.
struct LoopDevice {
  std::string image = std::filesystem::temp_directory_path() / "tasuki-undo-XXXXXX";
  std::string path;

  LoopDevice() {
    const Fd file(::mkostemp(image.data(), O_CLOEXEC));
    EXPECT_EQ(::ftruncate(file.get(), off_t{16} << 20), 0);
    run("mkfs.ext4 -q " + image);
    path = run("losetup --find --show " + image);
  }
  ~LoopDevice() {
    run("losetup --detach " + path);
    ::unlink(image.c_str());
  }
  static std::string run(const std::string& command) {
    FILE* output = ::popen(command.c_str(), "re");
    char line[256] = "";
    std::ignore = std::fgets(line, sizeof line, output);
    EXPECT_EQ(::pclose(output), 0) << command;
    return std::string(trim(line));
  }
};

TEST(Undo, a_file_system_mounted_elsewhere_is_not_released) {
  in_namespaces([] {
    const LoopDevice device;
    const std::string folder = std::filesystem::temp_directory_path();
    ASSERT_EQ(::mount(device.path.c_str(), folder.c_str(), "ext4", 0, nullptr), 0);
    // A process in a mount namespace of its own keeps a copy of the mount.
    int ready[2], hold[2];
    ASSERT_EQ(::pipe(ready), 0);
    ASSERT_EQ(::pipe(hold), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
      ::close(hold[1]);
      ::unshare(CLONE_NEWNS);
      char byte = 0;
      ::_exit(::write(ready[1], "x", 1) == 1 && ::read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const std::vector<Release> releases{ReleaseMount{device.path, folder}};
    const auto held = undo_releases(releases, in(20ms));
    ::close(hold[1]);
    ::waitpid(holder, nullptr, 0);
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().what,
              fmt::format("open {} exclusively: Device or resource busy; its file system is still "
                          "mounted for process {}",
                          device.path, holder));
    EXPECT_TRUE(undo_releases(releases, in(1s))) << "the holder is gone";
  });
}

TEST(Undo, a_device_that_somebody_has_open_exclusively_is_not_released) {
  in_namespaces([] {
    const LoopDevice device;
    const std::vector<Release> releases{ReleaseMount{device.path, "/no/such/mount"}};
    const Fd checker(::open(device.path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
    const auto held = undo_releases(releases, in(20ms));
    ASSERT_FALSE(held) << "such as e2fsck, in the middle of its work";
    EXPECT_EQ(held.error().what, "open " + device.path + " exclusively: Device or resource busy");
  });
}

}  // namespace
}  // namespace tasuki::process
