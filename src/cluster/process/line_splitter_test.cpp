#include "cluster/process/line_splitter.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tasuki::process {
namespace {

struct LineSplitterTest : testing::Test {
  LineSplitter splitter;
  std::vector<std::string> lines;
  void take(std::string_view bytes) {
    splitter.take(bytes, [this](std::string_view line) { lines.emplace_back(line); });
  }
  void finish() {
    splitter.finish([this](std::string_view line) { lines.emplace_back(line); });
  }
};

TEST_F(LineSplitterTest, lines_come_whole_however_the_bytes_arrive) {
  for (const auto* bytes : {"on", "e\ntw", "o\n", "\nthree\nfo", "ur"}) take(bytes);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "three"}));
  finish();
  EXPECT_EQ(lines.back(), "four");
}

TEST_F(LineSplitterTest, a_line_without_end_is_cut_and_nothing_is_lost) {
  const std::string long_line(LineSplitter::kLineBytesMax * 2 + 10, 'x');
  take(long_line + "\nnext\n");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0] + lines[1] + lines[2], long_line);
  EXPECT_EQ(lines[3], "next");
}

TEST_F(LineSplitterTest, an_end_without_rest_gives_no_line) {
  take("one\n");
  finish();
  EXPECT_EQ(lines.size(), 1U);
}

}  // namespace
}  // namespace tasuki::process
