// How long things take in the simulated world. The usual values were measured in the lab or are
// those of the documents named; `tasuki simulate` says of each which it is.
#pragma once

#include <map>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/simulation/chance.hpp"

namespace tasuki::simulation {

struct Pace {
  Range boot{5s, 20s, 60s};            // from power on to the programs' start
  Range restart{200ms, 500ms, 2s};     // of a program that died, by its service manager
  Range merge{200ms, 500ms, 1300ms};   // until rings that see each other are one
  Range token{100us, 350us, 3ms};      // until a message has its place in the order
  Range deliver{100us, 350us, 20ms};   // from there to a tasukid
  Range quorum{100us, 1ms, 60ms};      // from a new ring to the quorum service's word on it
  Range witness{2ms, 20ms, 200ms};     // the witness's answer
  Range ask_keeper{50us, 100us, 5ms};  // one way
  Range state_disk{1ms, 4ms, 80ms};    // a durable write of the state file
  Range spawn{1ms, 2ms, 20ms};
  Range kill{500us, 2ms, 30ms};
  Range power_off{100ms, 500ms, 4s};    // of the fence agent, until `status` says off
  Range agent_error{100ms, 300ms, 3s};  // of one whose switch does not answer
  Range mount{10ms, 30ms, 800ms};
  Range unmount{5ms, 20ms, 900ms};
  Range address{500us, 2ms, 30ms};
  Range service_start{5ms, 50ms, 3s};  // until it is ready
  Range service_stop{2ms, 20ms, 2s};
  Range script{5ms, 20ms, 1s};
  // Of single resources, where it is known: "group/resource" to the time of a start.
  std::map<std::string, Time> known_starts;
  std::map<std::string, Time> known_stops;
};

// The time that a start or a stop of the resource takes here.
Range start_range(const Pace& pace, const core::GroupName& group, const core::Resource& resource);
Range stop_range(const Pace& pace, const core::GroupName& group, const core::Resource& resource);

}  // namespace tasuki::simulation
