// The parts of a configuration as lists of named values, for comparing two of them.
#pragma once

#include <string>
#include <vector>

#include "cluster/core/config.hpp"

namespace tasuki::config {

enum class Display { shown, hidden };  // hidden: long, or may hold a password

struct Facet {
  std::string key;  // as in the file
  std::string value;
  Display display = Display::shown;
};

// Two things of one kind are equal exactly when all their facets are.
std::vector<Facet> facets_of(const core::TimingSettings& timing);
std::vector<Facet> facets_of(const core::Witness& witness);
std::vector<Facet> facets_of(const core::Node& node);  // without the id
std::vector<Facet> facets_of(const core::Service& service);
std::vector<Facet> facets_of(const std::map<char, std::string>& drives);
std::vector<Facet> facets_of(const core::Resource& resource);
std::vector<Facet> facets_of(const core::Group& group);  // without policy, environment, resources
// By the names in `config`.
Facet policy_of(const core::Group& group, const core::Config& config);

}  // namespace tasuki::config
