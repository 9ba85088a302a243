// Cases as text: a script, and below it what is expected of it. In a file of cases/,
//
//   # why, with the rule of cmd.exe          lines that begin with # are comments
//   a title                                  begins a case
//     ? set ARMS_EVENT=START                 what there is, as the test that reads the file says
//     ? file other.bat                       another file, with its lines behind "+"
//     + echo other
//     | a line of the script
//     > what is expected
//     ~ and = and ! too, for other kinds of results
//
// TASUKI_REWRITE=1 writes the results anew: read them before you commit them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::batch {

struct Setting {
  std::string kind;   // "set"
  std::string value;  // "ARMS_EVENT=START"
};

struct CaseText {
  std::vector<Setting> settings;
  std::map<std::string, std::string> files;
  std::string script;
};

// The lines of the results, each with its mark.
using ResultOf = std::function<std::string(const CaseText& told)>;

// Holds a file of cases against what they do now, or rewrites it.
void expect_cases(const std::string& name, const ResultOf& result_of);

}  // namespace tasuki::batch
