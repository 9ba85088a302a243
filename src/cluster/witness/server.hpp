// `tasuki witness serve`: keeps the slots of any number of clusters in a folder and answers to
// whoever reaches it. It needs no key: slots are sealed, and what is forged nobody believes.
#pragma once

#include <string>

#include "cluster/api/server.hpp"

namespace tasuki::witness {

// Adds the routes to `server`: POST and GET of slots below /v1/clusters/NAME/slots. Blocks while
// its disk does. A slot is replaced only by who says what is there now (`replaces`: its text), so
// that what was late on its way changes nothing, and what a stranger wrote keeps nobody out. Who
// does not say it replaces a slot by one with a higher sequence.
void serve_slots(api::Server& server, const std::string& folder);

}  // namespace tasuki::witness
