// The bytes of a .reg file as text.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "kit/diagnostic.hpp"

namespace tasuki::registry {

// UTF-16 with a byte order mark, UTF-8 with or without, or else code page 932; from UTF-16 as
// utf16.hpp says. Line ends stay as they are: a string may hold one. Fails when it is no text.
std::expected<std::string, Diagnostic> decode_reg_file(const std::string& path,
                                                       std::string_view bytes);

// The line of that position, counted from 1. A line ends with LF, CR LF or CR.
int line_at(std::string_view text, size_t position);

// Where the line that holds this position ends, and where the next begins.
size_t line_end(std::string_view text, size_t position);
size_t next_line(std::string_view text, size_t position);

}  // namespace tasuki::registry
