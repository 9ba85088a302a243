// What the places that slots are kept in share.
#pragma once

#include "cluster/witness/slots.hpp"

namespace tasuki::witness {

// Whether the text is the mark of some cluster (mark_of).
bool is_mark(const std::string& text);
// Fails with what to do when it is not that of this cluster.
Result<void> check_mark(const std::string& text, const std::string& cluster,
                        const std::string& place);

std::unique_ptr<Slots> open_disk(std::string device, std::string cluster);
std::unique_ptr<Slots> open_folder(std::string folder, std::string cluster);
std::unique_ptr<Slots> open_server(const core::Witness& witness, const std::string& cluster);

}  // namespace tasuki::witness
