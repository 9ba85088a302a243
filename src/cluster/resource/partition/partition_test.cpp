// Partitions on real file systems: loop devices over temporary files, in a mount namespace of the
// test's own. Needs root; loop devices detach themselves with their last user, and the namespace
// ends with the process.
#include "cluster/resource/partition/partition.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/guard/scsi_fake.hpp"
#include "cluster/resource/partition/attach.hpp"
#include "cluster/resource/partition/users.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::resource {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto kLimit = 10s;  // for what should happen at once

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe)
}

// A loop device over the file with direct I/O; gone with its last user.
struct Loop {
  Fd fd;
  std::string path;

  explicit Loop(const std::string& file) {
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const Fd backing(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    // Somebody else may take the free one first.
    for (int tries = 0; tries < 100 && !fd; ++tries) {
      const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
      path = fmt::format("/dev/loop{}", number);
      ::mknod(path.c_str(), S_IFBLK | 0600, makedev(7, static_cast<unsigned>(number)));
      fd = Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
      loop_config config{};
      config.fd = static_cast<uint32_t>(backing.get());
      config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
      if (::ioctl(fd.get(), LOOP_CONFIGURE, &config) != 0) fd = Fd();
    }
  }
};

// A child in the background, ended with the object.
struct Child {
  pid_t pid;
  explicit Child(const std::string& script) : pid(::fork()) {
    if (pid == 0) ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
};

struct PartitionTest : testing::Test {
  asio::io_context context;
  asio::thread_pool workers{2};
  fs::path folder;
  std::string image;
  std::string mount_point;
  std::optional<Loop> loop;
  std::vector<std::string> faults;

  // Before any thread is there, which would stay behind in the old namespace.
  static void SetUpTestSuite() {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) return;
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "skipped: mounting needs root";
    if (!fs::exists("/dev/loop-control")) GTEST_SKIP() << "skipped: there are no loop devices";
    folder = make_test_folder();
    image = folder / "image";
    mount_point = folder / "mount";
  }
  void TearDown() override {
    if (folder.empty()) return;
    workers.join();
    while (::umount2(mount_point.c_str(), 0) == 0) {
    }
    fs::remove_all(folder);
  }

  // An image of that type, or an empty one, behind a loop device.
  core::Partition make_image(const std::string& type) {
    std::ofstream(image).put(0);
    fs::resize_file(image, type == "ext4" ? 64ULL << 20 : 512ULL << 20);
    if (!type.empty())
      run(fmt::format("mkfs.{} -q {} {} >/dev/null 2>&1", type, type == "ext4" ? "-F" : "-f",
                      image));
    loop.emplace(image);
    return {loop->path, mount_point, type, ""};
  }
  [[nodiscard]] virtual Reserving reserving() { return {}; }
  std::unique_ptr<Resource> make(const core::Partition& partition, ReadTimes read_times = {}) {
    return make_partition(context, workers, partition, read_times, reserving(),
                          [this](std::string reason) { faults.push_back(std::move(reason)); });
  }

  template <class T>
  T finish(Task<T> task) {
    std::optional<T> value;
    asio::co_spawn(context, std::move(task), [&value](const std::exception_ptr& problem, T result) {
      if (problem) std::rethrow_exception(problem);
      value.emplace(std::move(result));
    });
    run_until([&value] { return value.has_value(); });
    return std::move(value).value();
  }
  template <class Condition>
  void run_until(Condition condition) {
    context.restart();
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!condition() && std::chrono::steady_clock::now() < end) context.run_one_until(end);
  }
  Result<void> start(Resource& resource) { return finish(resource.start(options())); }
  Result<void> stop(Resource& resource) { return finish(resource.stop(options())); }
  [[nodiscard]] StepOptions options() const {
    return {.environment = {}, .start_limit = 5s, .stop_limit = stop_limit};
  }
  milliseconds stop_limit = 5s;
  std::string refusal(const core::Partition& partition) {
    const auto started = start(*make(partition));
    return started ? "" : started.error().what;
  }
  std::string fault() {
    run_until([this] { return !faults.empty(); });
    return faults.size() == 1 ? faults[0] : fmt::format("{} faults", faults.size());
  }

  [[nodiscard]] bool is_mounted() const {
    const auto table = read_mount_table().value();
    return std::ranges::find(table, mount_point, &Mount::mount_point) != table.end();
  }
  // Waits until a child has come as far as to make this file.
  static void wait_for_file(const fs::path& file) {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!fs::exists(file) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    ASSERT_TRUE(fs::exists(file));
  }
};

// On a disk that is reserved for whoever has the partition; sv2 is another machine.
struct ReservedPartition : PartitionTest {
  asio::thread_pool one{1};  // whoever asks the disk does so here
  guard::FakeLun lun;
  uint64_t epoch = 7;
  bool stays = true;
  std::vector<guard::KeyOwner> preempted;

  void SetUp() override {
    PartitionTest::SetUp();
    lun.connect("sv2");
  }
  void TearDown() override {
    one.join();
    PartitionTest::TearDown();
  }
  Reserving reserving() override {
    return {.node = core::NodeId{1},
            .epoch = [this] { return epoch; },
            .stays = [this] { return stays; },
            .preempted = [this](const auto& owners) { preempted = owners; },
            .open = [this](const std::string&) -> Result<guard::OpenScsiPaths> {
              return guard::fake_paths(lun, {"sv1 a", "sv1 b"});
            }};
  }
  core::Partition make_reserved() {
    core::Partition partition = make_image("ext4");
    partition.guard = core::Guard::scsi_reservation;
    return partition;
  }
  std::unique_ptr<Resource> make_watched(const core::Partition& partition) {
    return make_partition(context, one, partition, {.every = 5ms, .limit = 10s}, reserving(),
                          [this](std::string reason) { faults.push_back(std::move(reason)); });
  }
  Result<std::vector<guard::KeyOwner>> sv2_takes(uint64_t in_epoch) {
    return finish(on_worker(one, [this, in_epoch] {
      return guard::take(guard::fake_paths(lun, {"sv2"}), guard::key_of(core::NodeId{2}, in_epoch));
    }));
  }
  bool takes_writes_of(const std::string& nexus) {
    return finish(on_worker(one, [this, nexus] { return lun.takes_writes_of(nexus); }));
  }
};

struct PartitionOfEachType : PartitionTest, testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, PartitionOfEachType, testing::Values("ext4", "xfs", "btrfs"),
                         [](const auto& type) { return std::string(type.param); });

TEST_P(PartitionOfEachType, is_mounted_written_unmounted_and_let_go_of) {
  const auto partition = make_image(GetParam());
  auto resource = make(partition);
  const auto begin = std::chrono::steady_clock::now();
  const auto started = start(*resource);
  const auto up = std::chrono::steady_clock::now();
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_TRUE(is_mounted());
  std::ofstream(mount_point + "/file") << "content";
  const auto written = std::chrono::steady_clock::now();
  const auto stopped = stop(*resource);
  const auto down = std::chrono::steady_clock::now();
  ASSERT_TRUE(stopped) << stopped.error().what;
  RecordProperty("start_us", static_cast<int>((up - begin) / 1us));
  RecordProperty("stop_us", static_cast<int>((down - written) / 1us));
  EXPECT_FALSE(is_mounted());
  EXPECT_TRUE(Fd(::open(partition.device.c_str(), O_RDWR | O_EXCL | O_CLOEXEC)));
  EXPECT_TRUE(faults.empty());
}

TEST_P(PartitionOfEachType, that_is_up_is_adopted_and_watched) {
  const auto partition = make_image(GetParam());
  {
    auto before = make(partition);
    ASSERT_TRUE(start(*before));
  }
  auto after = make(partition);
  const auto adopted = finish(after->adopt());
  ASSERT_TRUE(adopted);
  EXPECT_TRUE(*adopted);
  ASSERT_EQ(::umount2(mount_point.c_str(), 0), 0);
  EXPECT_THAT(fault(), HasSubstr("was unmounted from"));
  EXPECT_TRUE(stop(*after));
}

TEST_P(PartitionOfEachType, that_is_not_up_is_not_adopted_and_stops_well) {
  auto resource = make(make_image(GetParam()));
  EXPECT_FALSE(finish(resource->adopt()).value());
  EXPECT_TRUE(stop(*resource));
}

TEST_P(PartitionOfEachType, is_freed_from_whoever_uses_it) {
  auto resource = make(make_image(GetParam()));
  ASSERT_TRUE(start(*resource));
  const Child stubborn(
      fmt::format("cd {}; trap '' TERM; : > ready1; while :; do sleep 1; done", mount_point));
  const Child polite(fmt::format("exec 3>{}/ready2; cd /; exec sleep 1000", mount_point));
  wait_for_file(mount_point + "/ready1");
  wait_for_file(mount_point + "/ready2");
  const auto stopped = stop(*resource);
  EXPECT_TRUE(stopped) << stopped.error().what;
  for (const auto& [child, signal] : {std::pair{stubborn.pid, SIGKILL}, {polite.pid, SIGTERM}}) {
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(end.si_status, signal);
  }
  EXPECT_FALSE(is_mounted());
}

TEST_P(PartitionOfEachType, sees_what_another_node_wrote_while_this_one_had_old_pages) {
  const auto partition = make_image(GetParam());
  const Fd watcher(::open(partition.device.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<char> pages(8 << 20);
  ASSERT_GT(::read(watcher.get(), pages.data(), pages.size()), 0);
  {
    const Loop elsewhere(image);
    auto other_node = make({elsewhere.path, mount_point, partition.filesystem, ""});
    ASSERT_TRUE(start(*other_node));
    std::ofstream(mount_point + "/written-elsewhere") << "content";
    ASSERT_TRUE(stop(*other_node));
  }
  auto resource = make(partition);
  const auto started = start(*resource);
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_TRUE(fs::exists(mount_point + "/written-elsewhere"));
  EXPECT_TRUE(stop(*resource));
}

TEST_P(PartitionOfEachType, is_let_go_of_in_other_mount_namespaces_too) {
  auto resource = make(make_image(GetParam()));
  ASSERT_TRUE(start(*resource));
  const Child container(
      fmt::format("exec unshare --mount --propagation private sh -c ': > {}; exec sleep 1000'",
                  (folder / "ready").native()));
  wait_for_file(folder / "ready");
  const auto stopped = stop(*resource);
  EXPECT_TRUE(stopped) << stopped.error().what;
  EXPECT_EQ(::kill(container.pid, 0), 0);
  const auto table = read_file(fmt::format("/proc/{}/mountinfo", container.pid));
  EXPECT_EQ(table->find(mount_point), std::string::npos);
}

TEST_P(PartitionOfEachType, on_a_device_that_cannot_be_read_is_a_fault) {
  auto resource = make(make_image(GetParam()), {.every = 20ms, .limit = 5s});
  ASSERT_TRUE(start(*resource));
  fs::resize_file(image, 0);
  EXPECT_THAT(fault(), HasSubstr("read " + loop->path));
}

TEST_F(PartitionTest, has_the_options_it_was_given) {
  auto partition = make_image("ext4");
  partition.options = "noatime,nodev,errors=remount-ro";
  auto resource = make(partition);
  ASSERT_TRUE(start(*resource));
  const auto table = read_file("/proc/self/mountinfo").value();
  const auto line = table.substr(table.find(mount_point));
  EXPECT_THAT(line.substr(0, line.find('\n')),
              AllOf(HasSubstr("rw,nodev,noatime"), HasSubstr("errors=remount-ro")));
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, of_another_type_or_none_is_refused) {
  auto partition = make_image("xfs");
  partition.filesystem = "ext4";
  EXPECT_EQ(refusal(partition),
            fmt::format("{} has xfs, but the configuration says ext4", loop->path));
  run(fmt::format("dd if=/dev/zero of={} bs=1M count=1 oflag=direct status=none", loop->path));
  EXPECT_EQ(refusal(partition),
            fmt::format("no ext4 is found on {}; a disk that held data may be damaged, or another "
                        "one: look at it before you write to it (a new one gets its file system by "
                        "mkfs.ext4)",
                        loop->path));
  EXPECT_FALSE(is_mounted());
}

TEST_F(PartitionTest, without_a_device_is_refused) {
  EXPECT_EQ(refusal({"/dev/no-such", mount_point, "ext4", ""}), "there is no device /dev/no-such");
}

TEST_F(PartitionTest, with_options_that_the_file_system_does_not_know_is_refused) {
  auto partition = make_image("ext4");
  partition.options = "frobnicate=7";
  EXPECT_THAT(refusal(partition), AllOf(HasSubstr("refuses the options"), HasSubstr("frobnicate")));
  EXPECT_FALSE(is_mounted());
  EXPECT_TRUE(Fd(::open(partition.device.c_str(), O_RDWR | O_EXCL | O_CLOEXEC)));
}

TEST_F(PartitionTest, that_somebody_else_has_is_refused) {
  const auto partition = make_image("ext4");
  const Fd holder(::open(partition.device.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  EXPECT_THAT(refusal(partition), HasSubstr("is in use on this machine"));
}

TEST_F(PartitionTest, that_is_mounted_elsewhere_is_refused_with_the_place_and_left_alone) {
  const auto partition = make_image("ext4");
  fs::create_directory(folder / "elsewhere");
  const std::string elsewhere = folder / "elsewhere";
  ASSERT_EQ(::mount(loop->path.c_str(), elsewhere.c_str(), "ext4", 0, nullptr), 0);
  EXPECT_THAT(refusal(partition), HasSubstr("is mounted on " + elsewhere));
  {
    const Child user(fmt::format("cd {}; : > ready; exec sleep 1000", elsewhere));
    wait_for_file(elsewhere + "/ready");
    EXPECT_THAT(stop(*make(partition)).error().what, HasSubstr("is mounted on " + elsewhere));
    EXPECT_EQ(::waitpid(user.pid, nullptr, WNOHANG), 0);
  }
  ASSERT_EQ(::umount2(elsewhere.c_str(), 0), 0);
}

TEST_F(PartitionTest, whose_mount_point_is_taken_is_refused) {
  const auto partition = make_image("ext4");
  fs::create_directory(mount_point);
  ASSERT_EQ(::mount("other", mount_point.c_str(), "tmpfs", 0, nullptr), 0);
  EXPECT_THAT(refusal(partition), HasSubstr("other is already mounted on " + mount_point));
}

TEST_F(PartitionTest, that_nobody_waits_for_any_more_is_not_mounted) {
  const auto partition = make_image("ext4");
  const std::atomic<bool> wanted = false;
  const auto attached = attach(partition, after(5s), wanted);
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, ECANCELED);
  EXPECT_FALSE(is_mounted());
}

TEST_F(PartitionTest, made_read_only_is_a_fault) {
  auto resource = make(make_image("ext4"));
  ASSERT_TRUE(start(*resource));
  ASSERT_EQ(::mount(nullptr, mount_point.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_THAT(fault(), HasSubstr("has become read-only"));
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, meant_to_be_read_only_is_fine) {
  auto partition = make_image("ext4");
  partition.options = "ro";
  auto resource = make(partition);
  ASSERT_TRUE(start(*resource));
  run_until([this] { return context.poll_one() == 0; });
  EXPECT_TRUE(faults.empty());
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, covered_by_another_mount_is_a_fault) {
  auto resource = make(make_image("ext4"));
  ASSERT_TRUE(start(*resource));
  ASSERT_EQ(::mount("other", mount_point.c_str(), "tmpfs", 0, nullptr), 0);
  EXPECT_THAT(fault(), HasSubstr("other was mounted over"));
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, with_an_error_in_ext4_is_a_fault_at_once_and_is_repaired_at_the_next_start) {
  const auto partition = make_image("ext4");
  auto resource = make(partition);
  ASSERT_TRUE(start(*resource));
  const auto name = fs::path(loop->path).filename().native();
  ASSERT_TRUE(write_file(fmt::format("/sys/fs/ext4/{}/trigger_fs_error", name), "1"));
  EXPECT_THAT(fault(), HasSubstr("has met an error"));
  ASSERT_TRUE(stop(*resource));
  run(fmt::format("dumpe2fs -h {} 2>&1 | grep -q 'with errors'", loop->path));
  const auto again = start(*resource);
  EXPECT_TRUE(again) << again.error().what;
  run(fmt::format("dumpe2fs -h {} 2>&1 | grep -q 'Filesystem state: *clean$'", loop->path));
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, that_cannot_be_let_go_of_fails_within_the_limit_and_says_who_holds_it) {
  auto resource = make(make_image("ext4"));
  stop_limit = 200ms;
  ASSERT_TRUE(start(*resource));
  const Fd own(::open(mount_point.c_str(), O_RDONLY | O_CLOEXEC));
  const auto begin = std::chrono::steady_clock::now();
  const auto stopped = stop(*resource);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().what,
              AllOf(HasSubstr("unmount " + mount_point), HasSubstr("no process is seen")));
}

TEST_F(PartitionTest, hidden_by_a_lazy_unmount_is_not_taken_for_released) {
  auto resource = make(make_image("ext4"));
  stop_limit = 200ms;
  ASSERT_TRUE(start(*resource));
  Fd own(::open(mount_point.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::umount2(mount_point.c_str(), MNT_DETACH), 0);
  EXPECT_THAT(stop(*resource).error().what, HasSubstr("exclusively"));
  own.reset();
  EXPECT_TRUE(stop(*resource));
}

TEST_F(PartitionTest, names_its_users) {
  const auto partition = make_image("ext4");
  auto resource = make(partition);
  ASSERT_TRUE(start(*resource));
  const Child user(fmt::format("cd {}; : > ready; exec sleep 1000", mount_point));
  wait_for_file(mount_point + "/ready");
  struct stat root{};
  ASSERT_EQ(::stat(mount_point.c_str(), &root), 0);
  const auto users = find_users({.devices = {root.st_dev}, .mounts = {}});
  ASSERT_EQ(users.size(), 1U);
  EXPECT_EQ(users[0].process, user.pid);
  EXPECT_TRUE(stop(*resource));
}

TEST_F(ReservedPartition, is_mounted_when_the_disk_refuses_whoever_had_it) {
  ASSERT_TRUE(sv2_takes(6));
  auto resource = make_watched(make_reserved());
  const auto started = start(*resource);
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_TRUE(is_mounted());
  EXPECT_EQ(preempted, (std::vector<guard::KeyOwner>{{core::NodeId{2}, 6}}));
  EXPECT_TRUE(takes_writes_of("sv1 a"));
  EXPECT_TRUE(takes_writes_of("sv1 b"));
  EXPECT_FALSE(takes_writes_of("sv2"));
  EXPECT_TRUE(stop(*resource));
  EXPECT_FALSE(takes_writes_of("sv2")) << "the disk is open to nobody until somebody takes it";
}

TEST_F(ReservedPartition, that_another_node_takes_is_a_fault) {
  auto resource = make_watched(make_reserved());
  ASSERT_TRUE(start(*resource));
  ASSERT_TRUE(sv2_takes(8));
  EXPECT_THAT(fault(), HasSubstr("refuses this node: the disk is node 2 (epoch 8)'s now"));
  EXPECT_TRUE(stop(*resource));
  EXPECT_TRUE(takes_writes_of("sv2"));
}

TEST_F(ReservedPartition, is_not_taken_from_a_node_that_knows_a_newer_epoch) {
  ASSERT_TRUE(sv2_takes(8));
  auto resource = make_watched(make_reserved());
  const auto started = start(*resource);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, AllOf(HasSubstr("reserve the disk of /dev/loop"),
                                          HasSubstr("was taken by node 2 (epoch 8)")));
  EXPECT_FALSE(is_mounted());
  EXPECT_TRUE(takes_writes_of("sv2"));
}

TEST_F(ReservedPartition, whose_disk_lost_power_is_reserved_again) {
  auto resource = make_watched(make_reserved());
  ASSERT_TRUE(start(*resource));
  finish(on_worker(one, [this] {
    lun.offers.aptpl = false;
    lun.cut_power();
    return true;
  }));
  run_until([this] { return !takes_writes_of("sv2"); });
  EXPECT_TRUE(takes_writes_of("sv1 b"));
  EXPECT_THAT(faults, testing::IsEmpty());
  EXPECT_TRUE(stop(*resource));
}

TEST_F(ReservedPartition, is_found_again_after_a_restart_of_tasukid) {
  const auto partition = make_reserved();
  ASSERT_TRUE(start(*make_watched(partition)));
  ++epoch;
  auto next = make_watched(partition);
  EXPECT_TRUE(finish(next->adopt()).value());
  ASSERT_TRUE(sv2_takes(8));
  EXPECT_THAT(fault(), HasSubstr("node 2 (epoch 8)"));
  EXPECT_TRUE(stop(*next));
}

TEST_F(ReservedPartition, that_is_no_longer_to_be_reserved_is_open_to_all_once_it_is_down) {
  auto resource = make_watched(make_reserved());
  ASSERT_TRUE(start(*resource));
  stays = false;
  EXPECT_TRUE(stop(*resource));
  EXPECT_TRUE(takes_writes_of("sv2"));
}

TEST_F(ReservedPartition, on_a_disk_without_reservations_is_not_mounted) {
  lun.has_reservations = false;
  auto resource = make_watched(make_reserved());
  const auto started = start(*resource);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("has no persistent reservations"));
  EXPECT_FALSE(is_mounted());
}

TEST_F(PartitionTest, on_a_device_that_speaks_no_scsi_cannot_be_reserved) {
  const auto paths = guard::open_scsi_paths(make_image("ext4").device);
  ASSERT_TRUE(paths) << paths.error().what;
  const auto taken = guard::take(*paths, guard::key_of(core::NodeId{1}, 1));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what,
            loop->path +
                " has no persistent reservations (it takes no SCSI commands at all); "
                "protect this disk otherwise");
}

TEST_F(PartitionTest, of_which_the_keeper_is_told_the_mount_to_undo) {
  EXPECT_EQ(make({"/dev/sda1", "/data", "ext4", ""})->releases().value(),
            (std::vector<process::Release>{process::ReleaseMount{"/dev/sda1", "/data"}}));
}

}  // namespace
}  // namespace tasuki::resource
