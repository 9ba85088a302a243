// tasuki-keeper: the parent of everything that groups start on this node. See
// cluster/process/keeper.hpp.
#include <cstdio>
#include <cstdlib>
#include <getopt.h>

#include "cluster/process/keeper.hpp"
#include "kit/log.hpp"

namespace {

constexpr const char* kHelp =
    "usage: tasuki-keeper --reset METHOD [--cgroup PATH] [--socket PATH]\n"
    "\n"
    "Runs and watches the processes of groups for tasukid.\n"
    "\n"
    "  --reset METHOD  how this node is reset when it cannot let go of a group:\n"
    "                  watchdog[:DEVICE]  a kernel watchdog (default /dev/watchdog)\n"
    "                  sysrq              /proc/sysrq-trigger\n"
    "                  simulated:SOCKET   the watchdog of a lab\n"
    "                  none               not at all, for a single server\n"
    "  --cgroup PATH   the cgroup to work in, below the root of cgroup v2 (default: its own)\n"
    "  --socket PATH   where tasukid connects (default: /run/tasuki/keeper.sock)\n"
    "  --help          shows this\n";

constexpr int kExitUsage = 2;

}  // namespace

// getopt_long instead of the library the other programs use: this one is locked in memory.
int main(int argc, char** argv) {
  enum Option { kReset, kCgroup, kSocket, kShowHelp };
  const option options[] = {{"reset", required_argument, nullptr, kReset},
                            {"cgroup", required_argument, nullptr, kCgroup},
                            {"socket", required_argument, nullptr, kSocket},
                            {"help", no_argument, nullptr, kShowHelp},
                            {}};
  tasuki::process::KeeperOptions chosen;
  for (int found = 0; (found = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (found) {
      case kReset:
        chosen.reset = optarg;
        break;
      case kCgroup:
        chosen.cgroup = optarg;
        break;
      case kSocket:
        chosen.socket = optarg;
        break;
      case kShowHelp:
        std::fputs(kHelp, stdout);
        return EXIT_SUCCESS;
      default:
        std::fputs(kHelp, stderr);
        return kExitUsage;
    }
  }
  if (chosen.reset.empty() || optind != argc) {
    std::fputs(kHelp, stderr);
    return kExitUsage;
  }
  if (auto done = tasuki::process::Keeper::run(chosen); !done) {
    tasuki::log::error("tasuki-keeper: {}", done.error().what);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
