// Runs a batch script for good: does what the interpreter wants, one thing after the other, with
// the machine's files and programs.
#pragma once

#include <string>
#include <vector>

#include "cluster/batch/interpreter.hpp"
#include "cluster/batchrun/files.hpp"
#include "cluster/batchrun/pipeline.hpp"

namespace tasuki::batchrun {

struct DriverSettings {
  Files files;
  // What runs a batch file as a program of its own, as a part of a pipe; its path follows.
  std::vector<std::string> batch_command;
};

// The script's exit code. Output and complaints go to this process's streams; a script that cannot
// be gone on with ends with 1.
int run_script(batch::Program program, const DriverSettings& settings);

}  // namespace tasuki::batchrun
