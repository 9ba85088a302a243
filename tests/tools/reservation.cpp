// reservation take|check|mend|give-back|paths NODE EPOCH DEVICE: what a node does with a disk that
// keeps reservations, one call at a time, for tests on a real one. Prints one line (of paths one
// each), the standing for check and mend. Exit code: 0 done or intact, 1 not done or any other
// standing, 2 wrongly asked, 3 lost.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/guard/scsi_path.hpp"
#include "cluster/guard/scsi_reservation.hpp"
#include "kit/text.hpp"

namespace {

using tasuki::guard::Standing;

constexpr int kFailed = 1;
constexpr int kLost = 3;

int failed(const tasuki::Error& error) {
  fmt::print("failed: {}\n", error.what);
  return kFailed;
}

std::string list_of(const std::vector<tasuki::guard::KeyOwner>& owners) {
  std::vector<std::string> names;
  for (const auto& owner : owners)
    names.push_back(tasuki::guard::describe(tasuki::guard::key_of(owner.node, owner.epoch)));
  return names.empty() ? "nobody" : tasuki::join(names, ", ");
}

const char* name_of(Standing::Kind kind) {
  switch (kind) {
    case Standing::Kind::intact:
      return "intact";
    case Standing::Kind::path_missing:
      return "path missing";
    case Standing::Kind::forgotten:
      return "forgotten";
    case Standing::Kind::lost:
      return "lost";
    case Standing::Kind::unreadable:
      return "unreadable";
  }
  std::unreachable();
}

int tell(const Standing& standing) {
  std::vector<std::string> others;
  std::ranges::transform(standing.others, std::back_inserter(others), tasuki::guard::describe);
  fmt::print("{}{}{}{}{}\n", name_of(standing.kind), standing.because.empty() ? "" : ": ",
             standing.because, others.empty() ? "" : "; registered: ", tasuki::join(others, ", "));
  switch (standing.kind) {
    case Standing::Kind::intact:
      return 0;
    case Standing::Kind::lost:
      return kLost;
    default:
      return kFailed;
  }
}

int act(const std::string& verb, const tasuki::guard::OpenScsiPaths& paths,
        tasuki::guard::ReservationKey key) {
  if (verb == "check") return tell(tasuki::guard::check(paths, key));
  if (verb == "mend") return tell(tasuki::guard::mend(paths, key));
  if (verb == "take") {
    const auto preempted = tasuki::guard::take(paths, key);
    if (!preempted) return failed(preempted.error());
    fmt::print("taken from {}\n", list_of(*preempted));
    return 0;
  }
  if (const auto done = tasuki::guard::give_back(paths, key); !done) return failed(done.error());
  fmt::print("given back\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string verb;
  uint16_t node = 0;
  uint64_t epoch = 0;
  std::string device;
  CLI::App app("One step with the reservation of a disk");
  app.add_option("verb", verb)
      ->required()
      ->check(CLI::IsMember({"take", "check", "mend", "give-back", "paths"}));
  app.add_option("node", node)->required();
  app.add_option("epoch", epoch)->required();
  app.add_option("device", device)->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const auto paths = tasuki::guard::open_scsi_paths(device);
  if (!paths) return failed(paths.error());
  if (verb == "paths") {
    for (const auto& path : *paths) {
      const auto id = path->logical_unit_id();
      fmt::print("{} is {}\n", path->name(), id ? *id : "unknown: " + id.error().what);
    }
    return 0;
  }
  return act(verb, *paths, tasuki::guard::key_of(tasuki::core::NodeId(node), epoch));
}
