#include "cluster/resource/service/notify_socket.hpp"

#include <gtest/gtest.h>

namespace tasuki::resource {
namespace {

TEST(NotifySocket, ready_is_a_line_of_its_own) {
  EXPECT_TRUE(says_ready("READY=1"));
  EXPECT_TRUE(says_ready("STATUS=up\nREADY=1\nMAINPID=7"));
  EXPECT_FALSE(says_ready("READY=0"));
  EXPECT_FALSE(says_ready("STATUS=not READY=1"));
  EXPECT_FALSE(says_ready(""));
}

}  // namespace
}  // namespace tasuki::resource
