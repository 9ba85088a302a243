// JSON values, keys in alphabetical order so that equal values print equally.
#pragma once

#include <nlohmann/json.hpp>

namespace tasuki {

using Json = nlohmann::json;

}  // namespace tasuki
