#include "cluster/api/router.hpp"

#include <gmock/gmock.h>

namespace tasuki::api {
namespace {

using testing::ElementsAre;
using testing::Pair;

Router make_router() {
  Router router;
  for (const auto& route : control_routes()) router.add({route, Handler{}});
  return router;
}

TEST(Router, takes_parameters_and_query_decoded) {
  const auto router = make_router();
  const auto match = router.find(Method::post, "/v1/groups/mail%2Fout/start?why=a%20b&flag&x=1=2");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->endpoint->route.path, "/v1/groups/{name}/start");
  EXPECT_THAT(match->parameters, ElementsAre(Pair("name", "mail/out")));
  EXPECT_THAT(match->query, ElementsAre(Pair("flag", ""), Pair("why", "a b"), Pair("x", "1=2")));
}

TEST(Router, a_path_in_full_wins_over_a_parameter) {
  const auto router = make_router();
  EXPECT_EQ(router.find(Method::get, "/v1/config/history")->endpoint->route.path,
            "/v1/config/history");
  EXPECT_EQ(router.find(Method::get, "/v1/config/17")->endpoint->route.path,
            "/v1/config/{counter}");
}

TEST(Router, says_why_there_is_no_handler) {
  const auto router = make_router();
  const auto refusal = [&](Method method, std::string_view target) {
    return router.find(method, target).error().what;
  };
  EXPECT_EQ(refusal(Method::get, "/v1/nothing"), "there is no /v1/nothing");
  EXPECT_EQ(refusal(Method::get, "/v1/lock?now"), "/v1/lock takes POST, not GET");
  EXPECT_EQ(refusal(Method::get, "/v1/status/"), "there is no /v1/status/");
  EXPECT_EQ(refusal(Method::get, "/v1/config/%2"), "/v1/config/%2 is not a proper address");
  EXPECT_EQ(refusal(Method::get, ""), "there is no ");
}

TEST(Router, percent_encoding_survives_the_way_there_and_back) {
  for (const std::string text : {"plain-1.2_3~", "a b/c?d&e=f%g", "\xe7\xb5\x84", ""})
    EXPECT_EQ(percent_decode(percent_encode(text)), text);
  EXPECT_EQ(percent_encode("a/b"), "a%2Fb");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
}

}  // namespace
}  // namespace tasuki::api
