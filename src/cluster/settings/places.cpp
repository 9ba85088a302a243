#include "cluster/settings/places.hpp"

#include "cluster/settings/file_item.hpp"
#include "cluster/settings/registry_item.hpp"

namespace tasuki::settings {

std::vector<std::string> places_of(const core::Group& group) {
  std::vector<std::string> places;
  for (const std::string& key : group.registry)
    places.push_back(place_of(registry::KeyPath::parse(key).value()));
  for (const std::string& path : group.files) places.push_back(id_of_file(path));
  return places;
}

}  // namespace tasuki::settings
