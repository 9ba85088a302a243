// docs/api/openapi.yaml lists exactly the routes of the code.
#include "cluster/api/contract.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::api {
namespace {

// "GET /v1/status read" for each operation, by the file's fixed indentation.
std::vector<std::string> described_routes(const std::string& yaml) {
  std::vector<std::string> routes;
  std::string path;
  for (const auto line : split(yaml, '\n')) {
    if (line.starts_with("  /v1/"))
      path = trim(line.substr(0, line.rfind(':')));
    else if (line == "    get:")
      routes.push_back("GET " + path);
    else if (line == "    post:")
      routes.push_back("POST " + path);
    else if (line.starts_with("      x-access: "))
      routes.back() += fmt::format(" {}", trim(line.substr(line.find(':') + 1)));
  }
  return routes;
}

TEST(Contract, the_openapi_description_lists_the_routes_of_the_code) {
  const auto yaml = read_file(TASUKI_SOURCE_DIR "/docs/api/openapi.yaml");
  ASSERT_TRUE(yaml) << yaml.error().what;
  std::vector<std::string> known;
  for (const auto& route : control_routes())
    known.push_back(fmt::format("{} {} {}", method_name(route.method), route.path,
                                route.access == Access::act ? "act" : "read"));
  EXPECT_EQ(described_routes(*yaml), known);
}

TEST(Contract, every_status_means_one_exit_code) {
  EXPECT_EQ(exit_for_status(200), Exit::ok);
  EXPECT_EQ(exit_for_status(400), Exit::failed);
  EXPECT_EQ(exit_for_status(403), Exit::refused);
  EXPECT_EQ(exit_for_status(404), Exit::unknown);
  EXPECT_EQ(exit_for_status(409), Exit::refused);
  EXPECT_EQ(exit_for_status(422), Exit::failed);
  EXPECT_EQ(exit_for_status(500), Exit::failed);
  EXPECT_EQ(exit_for_status(503), Exit::refused);
  EXPECT_EQ(exit_for_status(504), Exit::time_ran_out);
}

}  // namespace
}  // namespace tasuki::api
