#include "cluster/witness/slots.hpp"

#include <fmt/format.h>

#include "cluster/witness/slot_places.hpp"
#include "kit/assert.hpp"

namespace tasuki::witness {

std::string mark_of(const std::string& cluster) {
  return fmt::format("tasuki-witness 1 {}\n", cluster);
}

bool is_mark(const std::string& text) {
  return text.starts_with("tasuki-witness ");
}

Result<void> check_mark(const std::string& text, const std::string& cluster,
                        const std::string& place) {
  if (text == mark_of(cluster)) return {};
  if (is_mark(text))
    return failure(
        fmt::format("{} is prepared for another cluster: {}; if that one is gone, "
                    "wipe it and prepare it again",
                    place, text.substr(0, text.find('\n'))));
  return failure(
      fmt::format("{} is not prepared; say once, on one server: tasuki witness prepare FILE, with "
                  "the configuration that names it",
                  place));
}

std::unique_ptr<Slots> open_slots(const core::Witness& witness, const std::string& cluster) {
  switch (witness.type) {
    case core::WitnessType::disk:
      return open_disk(witness.place, cluster);
    case core::WitnessType::folder:
      return open_folder(witness.place, cluster);
    case core::WitnessType::http:
      return open_server(witness, cluster);
    case core::WitnessType::qnetd:
      break;
  }
  TASUKI_ASSERT(false);
}

}  // namespace tasuki::witness
