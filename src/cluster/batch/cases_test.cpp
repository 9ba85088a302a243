// The language, case by case: cases/*.txt. How to read and extend them: case_file.hpp.
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/batch/case_file.hpp"
#include "kit/file.hpp"

namespace tasuki::batch {
namespace {

class Cases : public testing::TestWithParam<const char*> {};

TEST_P(Cases, do_what_the_file_says) {
  const std::string path = fmt::format("{}/{}.txt", TASUKI_BATCH_CASES, GetParam());
  const std::string file = read_file(path).value();
  EXPECT_GT(count_cases(file), 5);
  const std::string expected = with_results(file);
  if (std::getenv("TASUKI_REWRITE") != nullptr)
    EXPECT_TRUE(replace_file_durably(path, expected, 0644));
  else
    EXPECT_EQ(file, expected);
}

INSTANTIATE_TEST_SUITE_P(Batch, Cases,
                         testing::Values("variables", "flow", "conditions", "commands", "loops",
                                         "arithmetic"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace tasuki::batch
