#include "cluster/simulation/sentence.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::simulation {
namespace {

using testing::HasSubstr;

core::Config pair() {
  core::Config config = core::make_config(2);
  core::Resource address;
  address.name = core::ResourceName{"floating-ip-1"};
  config.groups.front().resources.push_back(address);
  return config;
}

std::string refusal(const std::string& text) {
  const auto sentence = parse_sentence(text, pair());
  return sentence ? "" : sentence.error().what;
}

TEST(Sentence, every_form_reads_back_as_what_it_says) {
  const core::Config config = pair();
  for (const std::string text : {"lose sv1",
                                 "lose witness",
                                 "start sv2",
                                 "freeze sv1",
                                 "pause sv1",
                                 "thaw sv1",
                                 "cut sv1",
                                 "cut sv1 sv2",
                                 "cut sv1 to sv2",
                                 "cut sv1 witness",
                                 "heal",
                                 "heal sv1 sv2",
                                 "delay sv1 50ms",
                                 "loss sv2 20%",
                                 "kill-keeper sv1",
                                 "leave sv2",
                                 "fails office on sv1",
                                 "fails office floating-ip-1 on sv1",
                                 "stop-hangs office on sv2",
                                 "works office on sv2",
                                 "disk-hangs sv1",
                                 "fence-fails sv2",
                                 "clock-jumps sv1 2h",
                                 "group move office",
                                 "group move office --to sv2",
                                 "node confirm-down sv2",
                                 "node confirm-down sv2 --accept-loss",
                                 "lock",
                                 "config apply other"}) {
    const auto sentence = parse_sentence(text, config);
    ASSERT_TRUE(sentence) << sentence.error().what;
    EXPECT_EQ(to_text(*sentence, config), text);
  }
}

TEST(Sentence, a_wrong_name_is_refused_with_those_there_are) {
  EXPECT_EQ(refusal("lose sv9"),
            "\"lose sv9\": there is no node \"sv9\"; expected one of: sv1, sv2");
  EXPECT_THAT(refusal("group move other"), HasSubstr("there is no group \"other\""));
  EXPECT_THAT(refusal("fails office disk on sv1"), HasSubstr("expected one of: floating-ip-1"));
  EXPECT_THAT(refusal("loss sv1 200%"), HasSubstr("expected 0% to 99%"));
}

TEST(Sentence, what_is_not_understood_is_refused_with_what_begins_alike) {
  EXPECT_EQ(
      refusal("cut"),
      "\"cut\" is not understood; expected: cut NODE witness; cut NODE to NODE; cut NODE NODE; "
      "cut NODE");
  EXPECT_THAT(refusal("explode sv1"), HasSubstr("lose NODE; "));
}

}  // namespace
}  // namespace tasuki::simulation
