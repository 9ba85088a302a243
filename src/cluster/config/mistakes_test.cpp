// Mistakes and the exact lines that report them; most of them in mistakes.txt.
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/config/example_test.hpp"
#include "cluster/config/parse.hpp"
#include "kit/file.hpp"

namespace tasuki::config {
namespace {

std::vector<std::string> texts_of(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : diagnostics) texts.push_back(to_text(diagnostic));
  return texts;
}

// What the file of cases should say of this one: its own lines, then what is reported.
std::string with_report(const std::vector<std::string_view>& lines) {
  size_t number = 0;
  const auto [end, problem] =
      std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), number);
  if (problem != std::errc{} || !std::string_view(end).starts_with(": "))
    return fmt::format("this is no case: {}\n", lines[0]);
  std::string text = fmt::format("{}\n", lines[0]);
  std::string replacement(lines[0].substr(lines[0].find(": ") + 2));
  for (const std::string_view line : lines) {
    if (!line.starts_with("  | ")) continue;
    replacement += fmt::format("\n{}", line.substr(4));
    text += fmt::format("{}\n", line);
  }
  const ParseOutcome outcome = parse_config(with_line(number, replacement), "example.toml");
  EXPECT_EQ(outcome.config.has_value(), outcome.mistakes.empty()) << text;
  for (const auto& mistake : texts_of(outcome.mistakes)) text += fmt::format("  > {}\n", mistake);
  return text;
}

TEST(Mistakes, are_reported_as_the_file_of_cases_says) {
  const std::string file = read_file(TASUKI_MISTAKES).value();
  std::string expected;
  std::vector<std::string_view> lines;  // of the case that is being read
  for (const std::string_view line : split(file, '\n')) {
    if (!line.empty() && !line.starts_with('#')) {
      lines.push_back(line);
      continue;
    }
    if (!lines.empty()) expected += with_report(lines);
    lines.clear();
    expected += fmt::format("{}\n", line);
  }
  expected.pop_back();  // the line end that split() took for one more line
  if (std::getenv("TASUKI_REWRITE") != nullptr)
    EXPECT_TRUE(replace_file_durably(TASUKI_MISTAKES, expected, 0644));
  else
    EXPECT_EQ(file, expected);
}

TEST(Mistakes, are_all_reported_at_once_in_the_order_of_their_lines) {
  const ParseOutcome outcome = parse_config(
      "[[group]]\nname = \"g 1\"\n[timing]\ndetect = 5\n[cluster]\nnam = \"c\"\n", "t");
  const std::string a_name =
      "a name of up to 63 letters, digits, \"-\", \"_\" and \".\", the first a letter or digit";
  EXPECT_EQ(
      texts_of(outcome.mistakes),
      (std::vector<std::string>{"t:1: [[group]] has no policy; add policy: an array of names",
                                "t:1: there is no [[node]]; every file has one",
                                "t:2: name = \"g 1\" is no name; write " + a_name,
                                "t:4: detect = 5 has no unit; write \"5ms\" or \"5s\"",
                                "t:5: [cluster] has no name; add name: " + a_name,
                                "t:6: unknown key \"nam\" in [cluster]; did you mean \"name\"?"}));
}

TEST(Mistakes, in_a_broken_first_line_are_told_of_that_line) {
  for (const auto* text : {"[.timing]", "[,]", "[{a]", "[\\group]", "[.timing]\n[cluster]\n", "[",
                           "a", "a = ", "a = [}", "a = {b", "a = \"", "\xff", "\uFE7F"}) {
    const ParseOutcome outcome = parse_config(text, "t");
    ASSERT_EQ(outcome.mistakes.size(), 1U) << text;
    EXPECT_EQ(outcome.mistakes[0].line, 1) << text;
  }
}

TEST(Mistakes, a_file_that_no_message_could_carry_is_refused) {
  std::string text(kExample);
  text.append(kConfigBytesMax - text.size(), '\n');
  EXPECT_TRUE(parse_config(text, "t").config);
  text += '\n';
  EXPECT_EQ(
      texts_of(parse_config(text, "t").mistakes),
      (std::vector<std::string>{"t:1: the file has 262145 bytes; at most 262144 are possible"}));
}

// A key of `count` parts: "a.a.a".
std::string long_key(size_t count) {
  std::string key = "a";
  for (size_t i = 1; i < count; ++i) key += ".a";
  return key;
}

TEST(Mistakes, a_key_of_very_many_parts_does_not_exhaust_the_stack) {
  for (const std::string& key : {long_key(501), "[" + long_key(501) + "]"})
    EXPECT_EQ(parse_config(key + (key.front() == '[' ? "" : " = 1"), "t").mistakes.size(), 3U)
        << "an unknown key, no [cluster], no [[node]]";
  EXPECT_EQ(texts_of(parse_config("\n" + long_key(100'000) + " = 1", "t").mistakes),
            (std::vector<std::string>{
                "t:2: there are 99999 dots in one line; at most 500 are possible"}));
  // As deep as a file can be: an array may go on in the next line, an inline table may not.
  std::string deep = "[" + long_key(501) + "]\n" + long_key(501) + " = ";
  for (int i = 0; i < 3; ++i) deep += "[\n{" + long_key(501) + " = ";
  deep += "[1";
  for (int i = 0; i < 3; ++i) deep += "]}";
  EXPECT_EQ(parse_config(deep + "]", "t").mistakes.size(), 3U);
}

TEST(Mistakes, more_than_32_nodes_are_refused_at_the_first_too_many) {
  std::string text = "[cluster]\nname = \"c\"\n";
  const auto add_node = [&text](int id) {
    text += fmt::format("[[node]]\nname = \"sv{0}\"\nid = {0}\naddresses = [\"10.0.0.{0}\"]\n", id);
  };
  for (int id = 1; id <= 32; ++id) add_node(id);
  EXPECT_TRUE(parse_config(text, "t").config);
  add_node(33);
  EXPECT_EQ(texts_of(parse_config(text, "t").mistakes),
            (std::vector<std::string>{"t:131: there are 33 nodes; a cluster has at most 32"}));
}

// Of two nodes; `first` and `second` are added to them.
std::vector<std::string> warnings_with(std::string_view witness, std::string_view first,
                                       std::string_view second) {
  const ParseOutcome outcome =
      parse_config(fmt::format("[cluster]\nname = \"c\"\n{}\n"
                               "[[node]]\nname = \"sv1\"\nid = 1\naddresses = [\"10.0.0.1\"]\n{}\n"
                               "[[node]]\nname = \"sv2\"\nid = 2\naddresses = [\"10.0.0.2\"]\n{}\n",
                               witness, first, second),
                   "t");
  EXPECT_EQ(texts_of(outcome.mistakes), std::vector<std::string>());
  return texts_of(outcome.warnings);
}

TEST(Warnings, tell_whose_loss_nobody_can_prove) {
  const std::string confirm =
      "so nobody can prove that it is down; when it dies, its groups are only taken over when an "
      "administrator confirms it";
  const std::string no_majority =
      "has no fence and two nodes without a witness have no majority, " + confirm;
  const std::string_view fence =
      "[[node.fence]]\nagent = \"fence_ipmilan\"\noptions = { ip = \"10.0.1.1\" }";
  const std::string_view other =
      "[[node.fence]]\nagent = \"fence_ipmilan\"\noptions = { ip = \"10.0.1.2\" }";
  const std::string_view witness = "[witness]\naddress = \"10.0.0.9\"";
  using Texts = std::vector<std::string>;
  EXPECT_EQ(warnings_with("", "", ""),
            (Texts{"t:4: node sv1 " + no_majority, "t:9: node sv2 " + no_majority}));
  EXPECT_EQ(warnings_with("", fence, ""), (Texts{"t:11: node sv2 " + no_majority}));
  EXPECT_EQ(warnings_with("", fence, other), Texts());
  EXPECT_EQ(warnings_with(witness, "", ""), Texts());
  EXPECT_EQ(warnings_with(witness, "machine = \"virtual\"", ""),
            (Texts{"t:5: node sv1 has no fence and is a virtual machine, " + confirm}));
}

TEST(Warnings, tell_of_a_witness_that_has_no_vote) {
  const ParseOutcome outcome = parse_config(
      "[cluster]\nname = \"a\"\n[witness]\naddress = \"10.0.0.9\"\n"
      "[[node]]\nname = \"sv1\"\nid = 1\naddresses = [\"10.0.0.1\"]\n"
      "[[node]]\nname = \"sv2\"\nid = 2\naddresses = [\"10.0.0.2\"]\n"
      "[[node]]\nname = \"sv3\"\nid = 3\naddresses = [\"10.0.0.3\"]\n",
      "t");
  EXPECT_EQ(texts_of(outcome.warnings),
            (std::vector<std::string>{"t:3: 3 nodes have a majority without a witness, so it has "
                                      "no vote; take it out, or use it with an even number of "
                                      "nodes"}));
}

TEST(Warnings, tell_of_pings_where_nobody_races) {
  const std::string_view fence =
      "[[node.fence]]\nagent = \"fence_ipmilan\"\noptions = { ip = \"10.0.1.1\" }";
  const std::string_view other =
      "[[node.fence]]\nagent = \"fence_ipmilan\"\noptions = { ip = \"10.0.1.2\" }";
  const std::string ping = "[ping]\nhosts = [\"10.0.0.254\"]\n";
  using Texts = std::vector<std::string>;
  EXPECT_EQ(warnings_with(ping, fence, other), Texts());
  EXPECT_EQ(warnings_with(ping + "[witness]\ntype = \"disk\"\ndevice = \"/dev/w\"", fence, other),
            Texts());
  EXPECT_EQ(warnings_with(ping + "[witness]\naddress = \"10.0.0.9\"", fence, other),
            (Texts{"t:3: the qnetd decides here, so no answer of a host changes anything; take it "
                   "out"}));
  const std::string third = "[[node]]\nname = \"sv3\"\nid = 3\naddresses = [\"10.0.0.3\"]\n";
  EXPECT_EQ(warnings_with(third + ping, fence, other),
            (Texts{"t:7: the majority decides here, so no answer of a host changes anything; take "
                   "it out"}));
}

TEST(Warnings, tell_which_link_joins_two_networks) {
  const ParseOutcome outcome =
      parse_config(with_line(16, "addresses = [\"192.168.10.2\", \"10.0.9.2\"]"), "t");
  EXPECT_TRUE(outcome.config);
  EXPECT_EQ(texts_of(outcome.warnings),
            (std::vector<std::string>{"t:16: link 1 joins 10.0.0.1 and 10.0.9.2, which are not in "
                                      "the same /24; check that they reach each other directly"}));
}

}  // namespace
}  // namespace tasuki::config
