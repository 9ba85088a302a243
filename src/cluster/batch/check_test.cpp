// What check finds: cases/checks.txt. Settings of a case:
//   name NAME       the script's name, t.bat otherwise
//   given NAME      the file of that name (? file) is checked as well
//   beside NAME     a file that lies beside the script; as stop script it is looked at
//   program NAME    a program in PATH
//   service NAME    a service of the configuration; "service" alone: it has none
#include "cluster/batch/check.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/batch/case_file.hpp"

namespace tasuki::batch {
namespace {

ScriptPointer make_script(const std::string& name, const std::string& text) {
  return std::make_shared<Script>(read_script(name, text).value());
}

std::string findings_of(const CaseText& text) {
  Surveyed surveyed;
  surveyed.files.push_back({make_script("t.bat", text.script), {}, nullptr});
  for (const auto& [kind, value] : text.settings) {
    CheckedFile& first = surveyed.files.front();
    if (kind == "name") first.script = make_script(value, text.script);
    if (kind == "given")
      surveyed.files.push_back({make_script(value, text.files.at(value)), {}, nullptr});
    if (kind == "beside") first.beside.push_back(value);
    if (kind == "beside" && text.files.contains(value))
      first.sibling = make_script(value, text.files.at(value));
    if (kind == "program") surveyed.programs.push_back(value);
    if (kind == "service" && !surveyed.services) surveyed.services.emplace();
    if (kind == "service" && !value.empty()) surveyed.services->push_back(value);
  }
  std::string results;
  for (const Diagnostic& found : check_scripts(surveyed))
    results += fmt::format("  > {}\n", to_text(found));
  return results;
}

TEST(Check, finds_what_the_file_says) {
  expect_cases("checks", findings_of);
}

TEST(Check, the_stop_script_of_a_start_script_has_its_name_with_stop_in_it) {
  EXPECT_EQ(sibling_name("start.bat"), "stop.bat");
  EXPECT_EQ(sibling_name("START2.BAT"), "STOP2.BAT");
  EXPECT_EQ(sibling_name("db_start.bat"), "db_stop.bat");
  EXPECT_EQ(sibling_name("backup.bat"), std::nullopt);
}

}  // namespace
}  // namespace tasuki::batch
