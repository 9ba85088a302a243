#include "cluster/cli/machine_warnings.hpp"

#include <gmock/gmock.h>

namespace tasuki::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> warnings(const ThisMachine& machine, const std::string& of_sv1 = "") {
  config::ParseOutcome outcome = config::parse_config(
      "[cluster]\nname = \"office\"\n"
      "[[node]]\nname = \"sv1\"\nid = 1\naddresses = [\"10.0.0.1\"]\n" +
          of_sv1 +
          "[[node]]\nname = \"sv2\"\nid = 2\naddresses = [\"10.0.0.2\"]\n"
          "[[node]]\nname = \"sv3\"\nid = 3\naddresses = [\"10.0.0.3\"]\n"
          "[[group]]\nname = \"web\"\npolicy = [\"sv1\", \"sv2\"]\n"
          "[[group.partition]]\ndevice = \"/dev/sdb1\"\nmount_point = \"/mnt/web\"\n"
          "filesystem = \"ext4\"\n",
      "office.toml");
  EXPECT_TRUE(outcome.config);
  outcome.warnings.clear();
  add_machine_warnings(outcome, "office.toml", machine);
  std::vector<std::string> texts;
  for (const Diagnostic& warning : outcome.warnings) texts.push_back(to_text(warning));
  return texts;
}

TEST(MachineWarnings, tell_of_the_server_itself_whose_lease_proves_nothing) {
  const std::vector<std::string> own{"127.0.0.1", "10.0.0.1"};
  EXPECT_THAT(warnings({own, false, true}), IsEmpty());
  EXPECT_THAT(warnings({own, true, true}),
              ElementsAre(HasSubstr("office.toml:3: this server is sv1, which has no fence and is "
                                    "or may be a virtual machine")));
  EXPECT_THAT(warnings({own, false, false}), ElementsAre(HasSubstr("has no watchdog")));
}

TEST(MachineWarnings, believe_the_configuration) {
  EXPECT_THAT(warnings({{"10.0.0.1"}, true, true}, "machine = \"physical\"\n"), IsEmpty());
  EXPECT_THAT(
      warnings({{"10.0.0.1"}, true, true}, "[[node.fence]]\nagent = \"fence_tasuki_lab\"\n"),
      IsEmpty());
}

TEST(MachineWarnings, say_nothing_of_other_servers) {
  EXPECT_THAT(warnings({{"10.0.0.9"}, true, false}), IsEmpty());
  EXPECT_THAT(warnings({{"10.0.0.3"}, true, false}), IsEmpty()) << "it runs no group";
}

}  // namespace
}  // namespace tasuki::cli
