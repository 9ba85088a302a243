#include "cluster/executor/watch_note.hpp"

#include <gmock/gmock.h>

namespace tasuki::executor {
namespace {

using namespace std::chrono_literals;

TEST(WatchNote, gives_back_what_was_written) {
  Watch service;
  service.serial = 3;
  service.order.id = "StarOffice";
  service.order.what = core::ServiceName{"office"};
  service.order.shown = "Star Office";
  service.order.on_end = OnEnd::restart;
  service.order.restarts = 2;
  service.order.reset_after = 24h;
  service.order.through_scripts = true;
  service.order.wait = 5s;
  service.phase = WatchPhase::waiting;
  service.pause = Pause{90s};
  service.restarts = {1, 17s};
  service.due = 22s;
  Watch program;
  program.serial = 4;
  program.order.what = Program{{"/bin/job", "a b"}, "nobody", "/tmp", {{"A", "1"}}};
  program.wish = Watch::Wish::down;
  program.loading = false;
  program.pause = Pause{};
  program.exit_code = 7;
  const KeptWatches kept{{service, program}, {{"web", {2, 4s}}}};
  const auto read = watches_from_json(to_json(kept));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, kept);
}

TEST(WatchNote, of_another_form_is_an_error) {
  EXPECT_FALSE(watches_from_json(Json::object()));
  EXPECT_FALSE(watches_from_json({{"watches", {{{"serial", "three"}}}}, {"carried", {}}}));
}

}  // namespace
}  // namespace tasuki::executor
