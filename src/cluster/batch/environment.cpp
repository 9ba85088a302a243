#include "cluster/batch/environment.hpp"

#include "cluster/batch/words.hpp"

namespace tasuki::batch {

const std::string* Environment::find(std::string_view name) const {
  const auto found = by_lower_name_.find(lower(name));
  return found == by_lower_name_.end() ? nullptr : &found->second.value;
}

void Environment::set(std::string_view name, std::string value) {
  std::string key = lower(name);
  if (value.empty()) {
    by_lower_name_.erase(key);
    return;
  }
  const auto [place, added] = by_lower_name_.try_emplace(std::move(key));
  if (added) place->second.name = name;
  place->second.value = std::move(value);
}

std::vector<Variable> Environment::variables() const {
  return starting_with("");
}

std::vector<Variable> Environment::starting_with(std::string_view start) const {
  const std::string key = lower(start);
  std::vector<Variable> found;
  for (auto i = by_lower_name_.lower_bound(key); i != by_lower_name_.end(); ++i) {
    if (!i->first.starts_with(key)) break;
    found.push_back(i->second);
  }
  return found;
}

}  // namespace tasuki::batch
