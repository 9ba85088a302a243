#include "cluster/guard/scsi_wire.hpp"

#include <gmock/gmock.h>

namespace tasuki::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Answer = std::vector<uint8_t>;

TEST(ScsiWireTest, asks_for_keys_reservation_and_capabilities) {
  EXPECT_THAT(reserve_in_command(ReserveInAction::read_keys),
              ElementsAre(0x5e, 0, 0, 0, 0, 0, 0, 0x20, 0, 0));
  EXPECT_THAT(reserve_in_command(ReserveInAction::read_reservation)[1], 1);
  EXPECT_THAT(reserve_in_command(ReserveInAction::capabilities)[1], 2);
  EXPECT_THAT(device_identification_command(), ElementsAre(0x12, 1, 0x83, 0x20, 0, 0));
}

TEST(ScsiWireTest, writes_a_command_and_its_parameters) {
  const ReserveOut out{.action = ReserveAction::preempt_and_abort,
                       .key = ReservationKey(0x0102030405060708),
                       .service_action_key = ReservationKey(0x1112131415161718)};
  EXPECT_THAT(reserve_out_command(out), ElementsAre(0x5f, 5, 5, 0, 0, 0, 0, 0, 24, 0));
  EXPECT_THAT(reserve_out_parameters(out),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0,
                          0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(reserve_out_parameters({.action = ReserveAction::enroll,
                                    .key = {},
                                    .service_action_key = {},
                                    .aptpl = true})[20],
            1);
}

TEST(ScsiWireTest, reads_keys) {
  EXPECT_EQ(parse_keys(Answer{0, 0, 1, 2, 0, 0, 0, 0}), (Keys{0x102, {}}));
  EXPECT_EQ(parse_keys(Answer{0, 0, 0, 1, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9}),
            (Keys{1, {ReservationKey(0x0102030405060708)}}));
}

TEST(ScsiWireTest, refuses_a_list_of_keys_that_is_cut) {
  EXPECT_FALSE(parse_keys(Answer{}));
  EXPECT_FALSE(parse_keys(Answer{0, 0, 0, 1, 0, 0, 0}));
  const auto cut = parse_keys(Answer{0, 0, 0, 1, 0, 0, 0, 8, 1, 2, 3, 4});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error(),
            (ScsiFailure{ScsiRefusal::other, "its list of keys has 8 bytes, of which 4 came"}));
  EXPECT_FALSE(parse_keys(Answer{0, 0, 0, 1, 0, 0, 0, 4, 1, 2, 3, 4}));
  EXPECT_FALSE(parse_keys(Answer{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xf8, 1, 2, 3, 4}));
}

TEST(ScsiWireTest, reads_the_reservation) {
  EXPECT_EQ(parse_reservation(Answer{0, 0, 0, 1, 0, 0, 0, 0}), std::optional<Holder>());
  Answer answer{0, 0, 0, 1, 0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0x05, 0, 0};
  EXPECT_EQ(parse_reservation(answer), (Holder{ReservationKey(0x0102030405060708),
                                               ReservationType::write_exclusive_registrants_only}));
  answer.pop_back();
  EXPECT_FALSE(parse_reservation(answer));
  EXPECT_FALSE(parse_reservation(Answer{0, 0, 0}));
}

TEST(ScsiWireTest, reads_capabilities) {
  EXPECT_EQ(parse_capabilities(Answer{0, 8, 0x01, 0x80, 0x20, 0, 0, 0}),
            (Capabilities{.aptpl = true, .wero = true}));
  EXPECT_EQ(parse_capabilities(Answer{0, 8, 0x00, 0x80, 0x02, 0, 0, 0}),
            (Capabilities{.aptpl = false, .wero = false}));
  EXPECT_FALSE(parse_capabilities(Answer{0, 8, 0, 0}));
}

TEST(ScsiWireTest, believes_a_target_that_does_not_tell_its_types) {
  EXPECT_EQ(parse_capabilities(Answer{0, 8, 0, 0, 0, 0, 0, 0}),
            (Capabilities{.aptpl = false, .wero = true}));
}

TEST(ScsiWireTest, prefers_the_name_that_is_the_worlds_own) {
  const Answer vendors{0x02, 0x01, 0, 4, 'A', 'B', ' ', '1'};
  const Answer ports{0x61, 0x93, 0, 2, 0xde, 0xad};
  const Answer naa{0x01, 0x03, 0, 4, 0x60, 0x01, 0x40, 0x5f};
  const auto page = [](std::initializer_list<Answer> designators) {
    Answer all{0, 0x83, 0, 0};
    for (const Answer& designator : designators)
      all.insert(all.end(), designator.begin(), designator.end());
    all[3] = static_cast<uint8_t>(all.size() - 4);
    return all;
  };
  EXPECT_EQ(parse_device_identification(page({vendors, ports, naa})), "naa.6001405f");
  EXPECT_EQ(parse_device_identification(page({ports, vendors})), "t10.AB 1");
  EXPECT_FALSE(parse_device_identification(page({ports})));
  EXPECT_FALSE(parse_device_identification(page({})));
}

TEST(ScsiWireTest, refuses_an_identification_that_is_cut) {
  EXPECT_FALSE(parse_device_identification(Answer{}));
  EXPECT_FALSE(parse_device_identification(Answer{0, 0x83, 0, 8, 1, 3, 0, 4}));
  EXPECT_FALSE(parse_device_identification(Answer{0, 0x83, 0, 6, 1, 3, 0, 4, 0x60, 0x01}));
}

// Fixed format, as most targets answer (SPC-4 4.5.3).
Answer sense(uint8_t key, uint8_t code, uint8_t qualifier) {
  return {0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code, qualifier, 0, 0, 0, 0};
}

TEST(ScsiWireTest, tells_a_preemption_from_other_unit_attentions) {
  EXPECT_EQ(failure_of_sense(sense(6, 0x2a, 0x03)).refusal, ScsiRefusal::preempted);
  EXPECT_EQ(failure_of_sense(sense(6, 0x2a, 0x05)).refusal, ScsiRefusal::preempted);
  EXPECT_EQ(failure_of_sense(sense(6, 0x2a, 0x04)).refusal, ScsiRefusal::unit_attention);
  EXPECT_EQ(failure_of_sense(sense(6, 0x29, 0x00)).refusal, ScsiRefusal::unit_attention);
  // The same in descriptor format.
  EXPECT_EQ(failure_of_sense(Answer{0x72, 6, 0x2a, 0x05, 0, 0, 0, 0}).refusal,
            ScsiRefusal::preempted);
}

TEST(ScsiWireTest, knows_a_target_that_has_no_reservations) {
  EXPECT_EQ(failure_of_sense(sense(5, 0x20, 0)).refusal, ScsiRefusal::invalid_command);
  EXPECT_EQ(failure_of_sense(sense(5, 0x24, 0)).refusal, ScsiRefusal::invalid_command);
}

TEST(ScsiWireTest, tells_the_rest_in_words) {
  const ScsiFailure full = failure_of_sense(sense(5, 0x55, 0x04));
  EXPECT_EQ(full.refusal, ScsiRefusal::other);
  EXPECT_THAT(full.what, HasSubstr("Illegal Request"));
  EXPECT_THAT(full.what, HasSubstr("Insufficient registration resources"));
  EXPECT_EQ(failure_of_sense(Answer(18)).what, "it failed without saying why");
}

}  // namespace
}  // namespace tasuki::guard
