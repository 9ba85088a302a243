#include "cluster/process/protocol.hpp"

#include <gtest/gtest.h>

namespace tasuki::process {
namespace {

using namespace std::chrono_literals;

const std::vector<Release> kReleases{ReleaseMount{"/dev/sdb1", "/data"},
                                     ReleaseAddress{"eth0", "10.0.0.9", 24}};

TEST(Protocol, every_request_survives_the_wire) {
  for (const Operation& operation : std::vector<Operation>{
           Hello{}, OpenGroup{"office", kReleases, {{"intent", 7}}}, CloseGroup{"office"},
           Spawn{{"office", "db"},
                 {"/bin/db", "-v"},
                 "postgres",
                 {{"A", "b"}},
                 "/data",
                 "tag",
                 "a.slice/b.slice",
                 {107, 113, {113, 110}, "/var/lib/postgresql"}},
           Stop{{"office", "db"}, 2, 1500ms}, KillGroup{"office"}, Lease{Moment(5ns), 3s, 5s},
           ResetNode{"stuck"}}) {
    const Request request{9, operation};
    EXPECT_EQ(parse_request(to_packet(request)).value(), request) << to_packet(request);
  }
}

TEST(Protocol, every_reply_survives_the_wire) {
  const KeptGroup group{"office", {{"intent", 7}}, kReleases, {{"db", 42, "tag"}}};
  for (const Answer& answer :
       std::vector<Answer>{Done{}, HelloReply{{group}, true, true}, SpawnReply{42}, StopReply{true},
                           Error{"no such user"}}) {
    const Reply reply{3, answer};
    EXPECT_EQ(parse_from_keeper(to_packet(reply)).value(), FromKeeper(reply)) << to_packet(reply);
  }
}

TEST(Protocol, every_event_survives_the_wire) {
  for (const Event& event :
       std::vector<Event>{Exited{{"office", "db"}, 42, {ExitStatus::How::code, 1}, Moment(77ns)},
                          Exited{{"office", "db"}, 42, {ExitStatus::How::signal, 9}, Moment(77ns)},
                          Output{{"office", "db"}, "a line"}, OutputLost{12}})
    EXPECT_EQ(parse_from_keeper(to_packet(event)).value(), FromKeeper(event)) << to_packet(event);
}

TEST(Protocol, output_that_is_no_text_still_fits_into_a_packet) {
  const auto parsed = parse_from_keeper(to_packet(Event(Output{{"g", "k"}, "caf\xe9"})));
  EXPECT_EQ(std::get<Output>(std::get<Event>(parsed.value())).line, "caf\xef\xbf\xbd");
}

TEST(Protocol, a_packet_that_does_not_fit_is_refused_with_the_reason) {
  for (const auto* packet : {"", "{", "[]", "{}", R"({"id":1})", R"({"id":1,"op":"stop"})",
                             R"({"id":"1","op":"hello"})", R"({"id":1,"op":7})"})
    EXPECT_FALSE(parse_request(packet)) << packet;
  EXPECT_EQ(parse_request(R"({"id":1,"op":"dance"})").error().what,
            "the operation \"dance\" is not known");
  EXPECT_EQ(parse_request(R"({"id":1,"op":"open-group","group":"g","note":1,)"
                          R"("releases":[{"kind":"sing"}]})")
                .error()
                .what,
            "a release of the kind \"sing\" is not known");
}

TEST(Protocol, a_keeper_of_another_version_is_refused) {
  const auto parsed =
      parse_from_keeper(R"({"id":1,"ok":true,"version":9,"groups":[],"lease_expired":false})");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().what.find("version 9"), std::string::npos);
}

TEST(Protocol, an_end_is_told_in_words) {
  EXPECT_EQ(describe({ExitStatus::How::code, 3}), "exited with code 3");
  EXPECT_EQ(describe({ExitStatus::How::signal, 9}), "was killed by signal 9 (Killed)");
}

}  // namespace
}  // namespace tasuki::process
