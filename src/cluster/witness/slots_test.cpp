#include "cluster/witness/slots.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include "cluster/api/client.hpp"
#include "cluster/witness/block_file.hpp"
#include "cluster/witness/server.hpp"
#include "cluster/witness/slot_places.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::witness {
namespace {

using core::NodeId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class TestFolder {
 public:
  TestFolder() : path_(make_test_folder()) {}
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::vector<NodeId> kNodes{NodeId{2}, NodeId{1}};

// What every place promises.
void expect_keeps_slots(Slots& slots) {
  EXPECT_THAT(slots.read(kNodes).value(), ElementsAre(Pair(NodeId{2}, ""), Pair(NodeId{1}, "")));
  ASSERT_TRUE(slots.write(NodeId{1}, 1, "first\n"));
  ASSERT_TRUE(slots.write(NodeId{2}, 1, "a longer one than the next\n"));
  ASSERT_TRUE(slots.write(NodeId{2}, 2, "second\n"));
  EXPECT_THAT(slots.read(kNodes).value(),
              ElementsAre(Pair(NodeId{2}, "second\n"), Pair(NodeId{1}, "first\n")));
}

TEST(FolderSlots, are_kept_in_a_prepared_folder) {
  const TestFolder folder;
  ASSERT_TRUE(prepare_folder(folder.path(), "office"));
  EXPECT_TRUE(prepare_folder(folder.path(), "office"));
  expect_keeps_slots(*open_folder(folder.path(), "office"));
}

TEST(FolderSlots, are_not_written_into_the_empty_place_of_a_share_that_is_not_mounted) {
  const TestFolder folder;
  const auto slots = open_folder(folder.path(), "office");
  EXPECT_THAT(slots->write(NodeId{1}, 1, "text").error().what, HasSubstr("tasuki witness prepare"));
  EXPECT_THAT(slots->read(kNodes).error().what, HasSubstr("is not prepared"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderSlots, of_another_cluster_are_refused) {
  const TestFolder folder;
  ASSERT_TRUE(prepare_folder(folder.path(), "factory"));
  EXPECT_THAT(prepare_folder(folder.path(), "office").error().what,
              HasSubstr("prepared for another cluster: tasuki-witness 1 factory"));
  EXPECT_THAT(open_folder(folder.path(), "office")->read(kNodes).error().what,
              HasSubstr("another cluster"));
}

TEST(FolderSlots, need_a_folder_to_prepare) {
  EXPECT_THAT(prepare_folder("/nowhere", "office").error().what,
              HasSubstr("mount the share first"));
}

// A file stands for the disk: what is past its end is what a disk has no room for.
std::string make_disk(const TestFolder& folder, const std::string& content) {
  const std::string path = folder.path() + "/disk";
  std::ofstream(path) << content;
  std::filesystem::resize_file(path, 8 * kBlockBytes);
  return path;
}

TEST(DiskSlots, are_kept_in_the_block_of_each_node) {
  const TestFolder folder;
  const std::string disk = make_disk(folder, mark_of("office"));
  expect_keeps_slots(*open_disk(disk, "office"));
  const std::string content = read_file(disk).value();
  EXPECT_EQ(content.substr(kBlockBytes, 6), "first\n");
  EXPECT_EQ(content.substr(2 * kBlockBytes, 7), "second\n");
}

TEST(DiskSlots, are_never_written_over_what_is_not_marked) {
  const TestFolder folder;
  const std::string disk = make_disk(folder, "somebody's data");
  EXPECT_THAT(open_disk(disk, "office")->write(NodeId{1}, 1, "text").error().what,
              HasSubstr("is not prepared"));
  EXPECT_EQ(read_file(disk).value().substr(kBlockBytes, 4), std::string(4, '\0'));
}

TEST(DiskSlots, of_a_node_for_which_there_is_no_room_are_an_error) {
  const TestFolder folder;
  const auto slots = open_disk(make_disk(folder, mark_of("office")), "office");
  EXPECT_THAT(slots->read({NodeId{8}}).error().what, HasSubstr("it needs 1024 KiB"));
}

TEST(DiskSlots, need_a_block_for_every_id_and_a_mebibyte) {
  EXPECT_EQ(disk_bytes(NodeId{32}), 1024U * 1024);
  EXPECT_EQ(disk_bytes(NodeId{255}), 1024U * 1024);
  EXPECT_EQ(disk_bytes(NodeId{256}), 257U * kBlockBytes);
  EXPECT_EQ(disk_bytes(NodeId{65535}), 65536U * kBlockBytes);
}

TEST(DiskSlots, of_a_disk_that_ends_within_a_block_are_an_error) {
  const TestFolder folder;
  const std::string disk = make_disk(folder, mark_of("office"));
  std::filesystem::resize_file(disk, kBlockBytes + 512);
  EXPECT_THAT(open_disk(disk, "office")->read({NodeId{1}}).error().what,
              HasSubstr("is too small for a node with the id 1"));
}

TEST(DiskSlots, are_prepared_on_disks_only) {
  const TestFolder folder;
  EXPECT_THAT(prepare_disk(make_disk(folder, ""), "office", NodeId{2}).error().what,
              HasSubstr("is not a block device"));
}

// A web server in this process.
class Served {
 public:
  Served() {
    serve_slots(server_, folder_.path());
    auto started = server_.start();
    EXPECT_TRUE(started) << started.error().what;
    thread_ = std::thread([this] { io_.run(); });
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    io_.stop();
    thread_.join();
  }
  [[nodiscard]] std::unique_ptr<Slots> open(const std::string& cluster) const {
    return open_server(
        {.address = place_.address, .port = place_.port, .type = core::WitnessType::http}, cluster);
  }
  [[nodiscard]] api::Client client() const {
    return {"the witness", place_, std::chrono::seconds(5)};
  }

 private:
  TestFolder folder_;
  asio::io_context io_{1};
  // A port that the kernel found free.
  api::TcpPlace place_{"127.0.0.1",
                       asio::ip::tcp::acceptor(io_, {asio::ip::make_address("127.0.0.1"), 0})
                           .local_endpoint()
                           .port()};
  api::Server server_{io_, place_};
  std::thread thread_;
};

TEST(HttpSlots, are_kept_by_the_web_server_for_each_cluster) {
  const Served served;
  expect_keeps_slots(*served.open("office"));
  expect_keeps_slots(*served.open("factory"));
}

TEST(HttpSlots, that_come_late_change_nothing) {
  const Served served;
  const auto slots = served.open("office");
  ASSERT_TRUE(slots->write(NodeId{1}, 6, "older"));
  ASSERT_TRUE(slots->write(NodeId{1}, 7, "newer"));
  const Json late{{"sequence", 8}, {"text", "late"}, {"replaces", "older"}};
  EXPECT_EQ(served.client().post("/v1/clusters/office/slots/1", late).value().status, 409U);
  EXPECT_THAT(slots->read({NodeId{1}}).value(), ElementsAre(Pair(NodeId{1}, "newer")));
}

TEST(HttpSlots, are_written_by_their_sequence_by_who_does_not_say_what_is_there) {
  const Served served;
  const auto status = [&](uint64_t sequence) {
    return served.client()
        .post("/v1/clusters/office/slots/1", {{"sequence", sequence}, {"text", "text"}})
        .value()
        .status;
  };
  EXPECT_EQ(status(7), 200U);
  EXPECT_EQ(status(7), 409U);
  EXPECT_EQ(status(6), 409U);
  EXPECT_EQ(status(8), 200U);
}

TEST(HttpSlots, that_a_stranger_wrote_keep_nobody_out) {
  const Served served;
  const auto slots = served.open("office");
  ASSERT_TRUE(slots->write(NodeId{1}, 7, "own"));
  const Json forged{{"sequence", std::numeric_limits<uint64_t>::max()}, {"text", "forged"}};
  ASSERT_EQ(served.client().post("/v1/clusters/office/slots/1", forged).value().status, 200U);
  EXPECT_THAT(slots->write(NodeId{1}, 8, "again").error().what,
              HasSubstr("was written meanwhile, or by somebody else"));
  ASSERT_TRUE(slots->write(NodeId{1}, 9, "mine"));
  EXPECT_THAT(slots->read({NodeId{1}}).value(), ElementsAre(Pair(NodeId{1}, "mine")));
  EXPECT_TRUE(served.open("office")->write(NodeId{1}, 10, "after a restart"));
}

TEST(HttpSlots, bad_requests_are_refused_with_a_sentence) {
  const Served served;
  const api::Client client = served.client();
  const auto refused = [&](const std::string& target, const Json& body) {
    return client.post(target, body).value().status;
  };
  const Json slot{{"sequence", 1}, {"text", "text"}};
  EXPECT_EQ(refused("/v1/clusters/..%2Fetc/slots/1", slot), 400U);
  EXPECT_EQ(refused("/v1/clusters/office/slots/0", slot), 400U);
  EXPECT_EQ(refused("/v1/clusters/office/slots/sv1", slot), 400U);
  EXPECT_EQ(refused("/v1/clusters/office/slots/1", {{"text", "no number"}}), 400U);
  EXPECT_EQ(refused("/v1/clusters/office/slots/1", {{"sequence", -1}, {"text", "text"}}), 400U);
  EXPECT_EQ(
      refused("/v1/clusters/office/slots/1", {{"sequence", 1}, {"text", std::string(5000, 'x')}}),
      413U);
  EXPECT_EQ(client.get("/v1/clusters/office/slots").value().status, 400U);
  EXPECT_EQ(client.get("/v1/clusters/office/slots?nodes=1,x").value().status, 400U);
}

TEST(HttpSlots, of_a_server_that_does_not_answer_are_an_error) {
  const core::Witness witness{.address = "127.0.0.1", .port = 1, .type = core::WitnessType::http};
  EXPECT_THAT(open_server(witness, "office")->read(kNodes).error().what,
              HasSubstr("the witness does not answer at 127.0.0.1 port 1"));
}

}  // namespace
}  // namespace tasuki::witness
