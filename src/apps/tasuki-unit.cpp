// tasuki-unit: stands for a systemd unit under the keeper. See cluster/systemd/supervisor.hpp.
#include <cstdio>
#include <cstring>

#include "cluster/systemd/supervisor.hpp"

namespace {

constexpr const char* kHelp =
    "usage: tasuki-unit UNIT SLICE\n"
    "\n"
    "What tasukid has the keeper run for a [[service]] with `unit`: starts the unit of systemd in\n"
    "the slice, ends when it ends, and stops it on SIGTERM.\n";

constexpr int kExitUsage = 2;

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (argc != 3 || argv[1][0] == '-') {
    std::fputs(kHelp, stderr);
    return kExitUsage;
  }
  return tasuki::systemd::supervise({argv[1], argv[2]});
}
