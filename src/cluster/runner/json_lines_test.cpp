#include "cluster/runner/json_lines.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "kit/test_folder.hpp"

namespace tasuki::runner {
namespace {

struct JsonLinesTest : testing::Test {
  std::string folder = make_test_folder();
  std::string file = folder + "/events.jsonl";

  void TearDown() override { std::filesystem::remove_all(folder); }
  [[nodiscard]] Json kept(size_t most = 10) const { return Json(JsonLines(file, most).records()); }
};

TEST_F(JsonLinesTest, what_was_added_is_there_after_a_restart) {
  JsonLines(file, 10).add({{"n", 1}});
  JsonLines(file, 10).add({{"n", 2}});
  EXPECT_EQ(kept(), (Json{{{"n", 1}}, {{"n", 2}}}));
}

TEST_F(JsonLinesTest, only_the_newest_stay_in_memory) {
  {
    JsonLines lines(file, 2);
    for (int n = 1; n <= 3; ++n) lines.add({{"n", n}});
    EXPECT_EQ(Json(lines.records()), (Json{{{"n", 2}}, {{"n", 3}}}));
  }
  EXPECT_EQ(kept().size(), 3U);
}

TEST_F(JsonLinesTest, a_torn_line_is_left_out_and_spoils_no_other) {
  std::ofstream(file) << "{\"n\":1}\n{\"n\":";
  JsonLines(file, 10).add({{"n", 3}});
  EXPECT_EQ(kept(), (Json{{{"n", 1}}, {{"n", 3}}}));
}

}  // namespace
}  // namespace tasuki::runner
