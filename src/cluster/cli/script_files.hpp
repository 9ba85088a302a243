// The files that scripts are looked at with: themselves, and what they ask for when they are
// traced.
#pragma once

#include <string>
#include <vector>

#include "cluster/batch/check.hpp"
#include "cluster/batch/trace.hpp"
#include "cluster/batchrun/files.hpp"

namespace tasuki::cli {

// With what lies beside it: the names, and the stop script of a start script unless it is among
// `given`, which are looked at anyway.
batch::CheckedFile survey_file(batch::ScriptPointer script, const std::vector<std::string>& given);

// The names of the programs in the folders of PATH.
std::vector<std::string> programs_in_path();

// Every command succeeds; files are looked for on this machine, but nothing on drives with letters
// is there.
class TracedSurroundings : public batch::Surroundings {
 public:
  explicit TracedSurroundings(std::string script_folder)
      : script_folder_(std::move(script_folder)) {}

  batch::Answer answer(const batch::Effect& effect) override;

  // About scripts that are there but cannot be read.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  batch::Answer answer_run(const batch::Effect& effect, const batch::RunCommand& run);

  batchrun::Files files_;
  std::string script_folder_;
  std::vector<std::string> problems_;
};

}  // namespace tasuki::cli
