// What the place where output appears can show, and text that fits it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::cli {

struct Screen {
  size_t width = 80;    // columns
  bool colour = false;  // escape sequences (ECMA-48 8.3.117)
  bool unicode = true;  // UTF-8
};

enum class Style { plain, heading, faint, good, warning, bad };

// The text in the style, or unchanged on a screen without colour.
std::string paint(const Screen& screen, Style style, const std::string& text);

// Columns the text takes: characters of East Asian scripts take two (Unicode Annex 11), what
// paint() adds takes none.
size_t display_width(std::string_view text);

// Words filled into lines of at most `width` columns; a longer word has a line of its own.
std::vector<std::string> wrap(std::string_view text, size_t width);

// The text wrapped to the screen, the first line after `lead`, the others below its end.
std::string hang(const Screen& screen, std::string_view lead, std::string_view text);

// As hang(), of things with "·" between them, or a comma in ASCII; a thing is never broken.
std::string hang_list(const Screen& screen, std::string_view lead,
                      const std::vector<std::string>& items);

// "→", or what stands for it in ASCII.
std::string_view arrow(const Screen& screen);

struct Cell {
  std::string text;
  Style style = Style::plain;
};

// Rows below a heading, columns as wide as their widest cell; the last column is wrapped.
std::string print_table(const Screen& screen, const std::vector<std::string>& heading,
                        const std::vector<std::vector<Cell>>& rows);

}  // namespace tasuki::cli
