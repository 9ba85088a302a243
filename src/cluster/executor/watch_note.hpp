// Watches in the note that the keeper keeps for the next tasukid.
#pragma once

#include "cluster/executor/watches.hpp"
#include "kit/json.hpp"

namespace tasuki::executor {

struct KeptWatches {
  std::vector<Watch> watches;
  CarriedRestarts carried;
  friend bool operator==(const KeptWatches&, const KeptWatches&) = default;
};

// Times stay what they are: the next tasukid of the same boot counts from the same moment.
Json to_json(const KeptWatches& kept);
// What another build wrote in another form is an error.
Result<KeptWatches> watches_from_json(const Json& json);

}  // namespace tasuki::executor
