// Words on the terminals of those who are logged in, as wall(1) writes them.
#pragma once

#include <string>
#include <vector>

namespace tasuki::runner {

// With a line in front that says where it comes from, and nothing in it that could command a
// terminal.
std::string terminal_text(const std::string& subject, const std::string& text);

// The device files of all sessions (utmp(5)).
std::vector<std::string> logged_in_terminals();

// One that is gone, or takes nothing now, is passed over.
void write_to_terminals(const std::vector<std::string>& devices, const std::string& text);

}  // namespace tasuki::runner
