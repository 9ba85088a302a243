// Cases as text: a script, and below it what it does. In a file of cases/,
//
//   # why, with the rule of cmd.exe                          lines that begin with # are comments
//   a title                                                  begins a case
//     ? set NAME=VALUE     ? args ...       ? exits NAME CODE     ? prints NAME TEXT
//     ? exists PATH        ? nofolder PATH  ? match PATTERN NAME...    ? input TEXT
//     ? file NAME          with its lines behind "+"
//     | a line of the script
//     > a command that it runs
//     ~ a note   = an exit code other than 0   ! why it failed
//
// TASUKI_REWRITE=1 writes the last three lines anew: read them before you commit them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tasuki::batch {

// The text as it should be, given what the scripts do.
std::string with_results(std::string_view file);

// How many cases there are in it.
int count_cases(std::string_view file);

}  // namespace tasuki::batch
