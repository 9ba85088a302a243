#include "cluster/runner/references.hpp"

#include <gmock/gmock.h>

namespace tasuki::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A group that had a floating IP when its services were started, and has none any more.
const config::ReferenceValues kValues{
    "sv1", "mail", {}, "", [](const registry::ValuePath&) -> Result<std::vector<std::string>> {
      return failure("there is no such key");
    }};
const std::map<std::string, std::string> kEnvironment{
    {"HOST", "${node.name}"}, {"LISTEN", "${group.floating_ip}:25"}, {"PLAIN", "$${x}"}};

TEST(ResolveEnvironment, names_the_variable_that_keeps_a_start_back) {
  const auto resolved = resolve_environment(kEnvironment, kValues);
  ASSERT_FALSE(resolved);
  EXPECT_THAT(resolved.error().what, HasSubstr("the variable LISTEN"));
}

TEST(ResolveKnown, leaves_out_for_a_stop_what_stands_for_nothing_any_more) {
  EXPECT_THAT(resolve_known(kEnvironment, kValues),
              ElementsAre(Pair("HOST", "sv1"), Pair("PLAIN", "${x}")));
}

}  // namespace
}  // namespace tasuki::runner
