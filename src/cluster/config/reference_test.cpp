#include "cluster/config/reference.hpp"

#include <gmock/gmock.h>

namespace tasuki::config {
namespace {

const ReferenceValues kValues{
    "sv1",
    "mail",
    {{"floating_ip-1", "192.0.2.10"}, {"inner", "10.0.0.1"}},
    "/mnt/mail",
    [](const registry::ValuePath& path) -> Result<std::vector<std::string>> {
      const std::string key(path.key.name());
      if (key == "Mail" && path.name == "Port") return std::vector<std::string>{"25"};
      if (key == "Mail" && path.name.empty()) return std::vector<std::string>{"unnamed"};
      if (key == "Mail" && path.name == "Hosts") return std::vector<std::string>{"a", "b"};
      return failure("there is no such value");
    }};

struct Row {
  const char* text;
  const char* result;  // or the error
};

TEST(References, are_resolved_as_this_table_says) {
  for (const Row& row : {
           Row{"", ""},
           Row{"plain $HOME {x} }", "plain $HOME {x} }"},
           Row{"${group.floating_ip}", "192.0.2.10"},
           Row{"--listen=${group.floating_ip}:${registry:HKLM\\Mail\\Port}",
               "--listen=192.0.2.10:25"},
           Row{"${group.floating_ip.inner}", "10.0.0.1"},
           Row{"${group.name}@${node.name}", "mail@sv1"},
           Row{"${group.mount_point}/data", "/mnt/mail/data"},
           Row{"${registry:HKLM/Mail/Port}", "25"},
           Row{"${registry:HKLM\\Mail\\}", "unnamed"},
           Row{"$${HOME} costs $$5", "${HOME} costs $$5"},
           Row{"$${group.name} is ${group.name}", "${group.name} is mail"},
           Row{"\\${group.name}", "\\mail"},
       }) {
    const auto resolved = resolve_references(row.text, kValues);
    ASSERT_TRUE(resolved) << row.text << ": " << resolved.error().what;
    EXPECT_EQ(*resolved, row.result) << row.text;
  }
}

TEST(References, that_cannot_be_resolved_are_named) {
  for (const Row& row : {
           Row{"${registry:HKLM\\Mail\\Prot}",
               "${registry:HKLM\\Mail\\Prot}: there is no such value"},
           Row{"${registry:HKLM\\Mail\\Hosts}",
               "${registry:HKLM\\Mail\\Hosts}: the value has 2 strings, and one is needed"},
           Row{"${group.floating_ip.outer}",
               "${group.floating_ip.outer}: group mail has no floating IP \"outer\""},
       }) {
    const auto resolved = resolve_references(row.text, kValues);
    ASSERT_FALSE(resolved) << row.text;
    EXPECT_EQ(resolved.error().what, row.result);
  }
  const ReferenceValues bare{"sv1", "mail", {}, "", kValues.registry};
  EXPECT_EQ(resolve_references("${group.floating_ip}", bare).error().what,
            "${group.floating_ip}: group mail has no floating IP");
  EXPECT_EQ(resolve_references("${group.mount_point}", bare).error().what,
            "${group.mount_point}: group mail has no partition");
  const ReferenceValues of_node{"sv1", "", {}, "", kValues.registry};
  EXPECT_EQ(resolve_references("${group.name}", of_node).error().what,
            "${group.name}: it is in no group");
  EXPECT_EQ(resolve_references("${node.name}", of_node).value(), "sv1");
}

TEST(References, that_are_none_are_mistakes) {
  for (const Row& row : {
           Row{"${group.floatingip}",
               "${group.floatingip} is no reference (a plain ${ is written $${); did you mean "
               "\"group.floating_ip\"?"},
           Row{"a ${node.name",
               "\"${node.name\" has no \"}\" (a plain ${ is written $${); close it"},
       }) {
    const auto pieces = read_references(row.text);
    ASSERT_FALSE(pieces) << row.text;
    EXPECT_EQ(pieces.error().what, row.result);
  }
  EXPECT_THAT(read_references("${HOME}").error().what, testing::HasSubstr("is no reference"));
  EXPECT_THAT(read_references("${registry:HKXX\\a\\b}").error().what,
              testing::StartsWith("${registry:HKXX\\a\\b}: "));
}

}  // namespace
}  // namespace tasuki::config
