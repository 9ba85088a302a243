#include "cluster/batch/case_file.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

CaseText read_case(const std::vector<std::string_view>& lines) {
  CaseText told;
  std::string last_file;
  for (const std::string_view line : lines) {
    const std::string_view mark = line.substr(0, 3);
    const std::string_view text = line.substr(std::min<size_t>(line.size(), 4));
    if (mark == "  |") told.script += fmt::format("{}\n", text);
    if (mark == "  +") told.files[last_file] += fmt::format("{}\n", text);
    if (mark != "  ?") continue;
    const size_t blank = std::min(text.find(' '), text.size());
    const Setting setting{std::string(text.substr(0, blank)),
                          std::string(text.substr(std::min(blank + 1, text.size())))};
    if (setting.kind == "file") told.files[last_file = setting.value] = "";
    told.settings.push_back(setting);
  }
  return told;
}

bool is_result(std::string_view line) {
  return std::ranges::any_of(std::vector<std::string_view>{"  > ", "  ~ ", "  = ", "  ! "},
                             [line](auto mark) { return line.starts_with(mark); });
}

// The text as it should be.
std::string with_results(std::string_view file, const ResultOf& result_of) {
  std::string text;
  std::vector<std::string_view> lines;  // of the case that is being read
  const auto end_case = [&] {
    if (!lines.empty()) text += result_of(read_case(lines));
    lines.clear();
  };
  for (const std::string_view line : split(file, '\n')) {
    if (is_result(line)) continue;
    if (line.empty() || line.starts_with('#'))
      end_case();
    else
      lines.push_back(line);
    text += fmt::format("{}\n", line);
  }
  text.pop_back();  // the line end that split() took for one more line
  return text;
}

}  // namespace

void expect_cases(const std::string& name, const ResultOf& result_of) {
  const std::string path = fmt::format("{}/{}.txt", TASUKI_BATCH_CASES, name);
  const std::string file = read_file(path).value();
  const std::string expected = with_results(file, result_of);
  if (std::getenv("TASUKI_REWRITE") != nullptr)
    EXPECT_TRUE(replace_file_durably(path, expected, 0644));
  else
    EXPECT_EQ(file, expected);
}

}  // namespace tasuki::batch
