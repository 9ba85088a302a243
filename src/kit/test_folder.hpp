// A folder of a test's own, below /tmp.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "kit/assert.hpp"

namespace tasuki {

// Made anew; whoever asked removes it.
inline std::string make_test_folder() {
  std::string path = std::filesystem::temp_directory_path() / "tasuki-test-XXXXXX";
  TASUKI_ASSERT(::mkdtemp(path.data()) != nullptr);
  return path;
}

}  // namespace tasuki
