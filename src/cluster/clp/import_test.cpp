// Whole files beside what comes of them: in `cases`, NAME.conf gives NAME.toml and NAME.notes.
// TASUKI_REWRITE=1 writes these anew.
#include "cluster/clp/import.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/config/parse.hpp"
#include "kit/diagnostic.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string text_of(const std::vector<Note>& notes) {
  constexpr auto kKinds =
      std::to_array<std::string_view>({"taken", "no equal", "to do", "to fill in"});
  std::string text;
  for (const Note& note : notes) {
    text += fmt::format("{}", kKinds.at(static_cast<size_t>(note.kind)));
    if (note.line > 0) text += fmt::format(" {}:{}", note.line, note.path);
    if (note.toml_line > 0) text += fmt::format(" toml:{}", note.toml_line);
    text += fmt::format(": {}{}{}\n", note.what, note.instead.empty() ? "" : "; ", note.instead);
  }
  return text;
}

void expect_file(const std::filesystem::path& file, const std::string& content) {
  if (std::getenv("TASUKI_REWRITE") != nullptr)
    EXPECT_TRUE(replace_file_durably(file, content, 0644));
  else
    EXPECT_EQ(read_file(file).value_or(""), content) << file;
}

TEST(Import, gives_what_stands_beside_each_case) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TASUKI_CLP_CASES)) {
    const auto& file = entry.path();
    if (file.extension() != ".conf") continue;
    ++cases;
    const auto imported = import_clp(read_file(file).value());
    ASSERT_TRUE(imported) << file << ": " << imported.error().what;
    auto beside = file;
    expect_file(beside.replace_extension(".toml"), imported->toml);
    expect_file(beside.replace_extension(".notes"), text_of(imported->notes));

    // What config check says of the file is what the file itself says is to be filled in.
    const auto outcome = config::parse_config(imported->toml, "");
    EXPECT_EQ(outcome.config.has_value(), imported->complete) << file;
    std::vector<std::string> found;
    std::vector<std::string> told;
    for (const auto& mistake : outcome.mistakes)
      found.push_back(fmt::format("{}: {}", mistake.line, mistake.what));
    for (const Note& note : imported->notes)
      if (note.kind == NoteKind::to_fill_in)
        told.push_back(fmt::format("{}: {}", note.toml_line, note.what));
    EXPECT_EQ(found, told) << file;
    for (const auto& mistake : outcome.mistakes)
      EXPECT_THAT(imported->toml, HasSubstr(fmt::format("# FILL IN: {}; ", mistake.what)));
  }
  EXPECT_EQ(cases, 6U);
}

// A cluster of two servers with something more below <root>.
std::string with(const std::string& more) {
  return "<root><cluster><name>c</name></cluster>"
         "<server name=\"a\"><device "
         "id=\"0\"><type>lan</type><info>10.0.0.1</info></device></server>"
         "<server name=\"b\"><device "
         "id=\"0\"><type>lan</type><info>10.0.0.2</info></device></server>"
         "\n" +
         more + "</root>";
}

TEST(Import, is_complete_where_the_configuration_is_one) {
  const auto imported = import_clp(with(""));
  ASSERT_TRUE(imported);
  EXPECT_TRUE(imported->complete);
  EXPECT_THAT(imported->notes, Each(Field(&Note::kind, Not(NoteKind::to_fill_in))));
}

TEST(Import, passes_nothing_over_in_silence) {
  const auto imported = import_clp(with("<new>\n<thing>1</thing></new>"));
  ASSERT_TRUE(imported);
  EXPECT_THAT(imported->notes,
              Contains(AllOf(Field(&Note::kind, NoteKind::no_equal), Field(&Note::line, 3),
                             Field(&Note::path, "new/thing"),
                             Field(&Note::what, HasSubstr("(here: \"1\")")))));
}

TEST(Import, keeps_what_a_file_says_inside_its_quotes_and_comments) {
  const auto imported =
      import_clp(with("<group name=\"g&quot;&#10;[x]\"><comment>one&#10;two = 2</comment>"
                      "<resource name=\"exec@e&quot;\\\"/></group>"
                      "<resource><exec name=\"e&quot;\\\"/></resource>"));
  ASSERT_TRUE(imported);
  EXPECT_TRUE(imported->complete) << imported->toml;
  EXPECT_THAT(imported->notes, Each(Field(&Note::kind, Not(NoteKind::no_equal))));
  EXPECT_THAT(imported->toml, HasSubstr("# one two = 2\n"));
  EXPECT_THAT(imported->toml,
              HasSubstr("start = \"/etc/tasuki/scripts/g\\\" [x]/e\\\"\\\\/start.sh\"\n"));
}

TEST(Import, says_that_it_is_too_long_for_a_configuration) {
  std::string groups;
  for (int i = 0; i < 10'000; ++i) groups += fmt::format("<group name=\"group{}\"/>", i);
  const auto imported = import_clp(with(groups));
  ASSERT_TRUE(imported);
  EXPECT_FALSE(imported->complete);
  EXPECT_THAT(imported->toml, StartsWith("# FILL IN: the file has "));
}

TEST(Import, is_quick_with_whatever_is_large) {
  const auto repeated = [](int times, auto text) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text(i);
    return all;
  };
  const auto number = [](const char* format) {
    return [format](int i) { return fmt::format(fmt::runtime(format), i); };
  };
  const std::vector<std::string> sections{
      repeated(30'000, number("<group name=\"g\"><comment>{}</comment></group>")),
      repeated(30'000, number("<resource><exec name=\"e{}\"/></resource>")),
      "<group name=\"g\">" + repeated(30'000, number("<resource name=\"exec@e{}\"/>")) +
          "</group><resource>" + repeated(30'000, number("<exec name=\"e{}\"/>")) + "</resource>",
      "<heartbeat>" + repeated(30'000, number("<diskhb name=\"d{}\"><device>0</device></diskhb>")) +
          "</heartbeat>",
      "<networkpartition><pingnp>" +
          repeated(20'000, number("<grp id=\"{}\"><list><ip>10.1.1.1</ip></list></grp>")) +
          "</pingnp></networkpartition>",
      "<monitor>" + repeated(30'000, number("<genw name=\"w{}\"><target>x</target></genw>")) +
          "</monitor>"};
  for (const std::string& section : sections) {
    const std::clock_t begin = std::clock();
    EXPECT_TRUE(import_clp(with(section))) << section.substr(0, 60);
    // Of this process's own time; a square of any of these numbers takes minutes.
    EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 20) << section.substr(0, 60);
  }
}

std::string refusal(std::string_view bytes) {
  const auto imported = import_clp(bytes);
  if (imported) return "imported";
  return fmt::format("{}: {}; {}", imported.error().line, imported.error().what,
                     imported.error().expected);
}

TEST(Import, of_another_file_is_refused) {
  EXPECT_EQ(refusal("<cib/>"),
            "1: this is XML, but no clp.conf: its root is <cib>; give the clp.conf of a whole "
            "cluster");
  EXPECT_EQ(refusal("\n<root><server name=\"a\"/></root>"),
            "2: there is no <cluster> below <root>; give the clp.conf of a whole cluster");
  EXPECT_EQ(refusal("<root><cluster/></root>"),
            "1: there is no <server> below <root>; give the clp.conf of a whole cluster");
  std::string servers;
  for (int i = 0; i < 33; ++i) servers += fmt::format("<server name=\"s{}\"/>", i);
  EXPECT_EQ(refusal("<root><cluster/>" + servers + "</root>"),
            "1: there are more than 32 servers; give the clp.conf of a whole cluster");
}

TEST(Import, of_every_beginning_of_a_file_is_refused_with_a_line_it_has) {
  const std::string whole =
      read_file(std::filesystem::path(TASUKI_CLP_CASES) / "windows-sjis.conf").value();
  const size_t last = whole.rfind("</root>");
  for (size_t bytes = 0; bytes < last; bytes += 7) {
    const auto imported = import_clp(std::string_view(whole).substr(0, bytes));
    ASSERT_FALSE(imported) << bytes;
    EXPECT_GE(imported.error().line, 1);
    EXPECT_LE(imported.error().line, 1 + std::ranges::count(whole.substr(0, bytes), '\n'));
  }
}

}  // namespace
}  // namespace tasuki::clp
