#include "cluster/cli/screen.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kGap = 2;
// A last column narrower than this reads worse than lines that are too long.
constexpr size_t kNarrowest = 20;

std::string_view escape_sequence(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::heading:
      return "\x1b[1m";
    case Style::faint:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::warning:
      return "\x1b[33m";
    case Style::bad:
      return "\x1b[1;31m";
  }
  return "";
}

// The blocks whose characters are wide (East_Asian_Width W and F), as coarsely as terminals do it.
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
         (c >= 0x20000 && c <= 0x3fffd);
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0u) == 0x80;
}

// The character that starts the text; any broken byte counts as a character.
char32_t first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0xc0) return lead;
  char32_t c = lead < 0xe0 ? lead & 0x1fu : lead < 0xf0 ? lead & 0x0fu : lead & 0x07u;
  for (size_t i = 1; i < text.size() && continues_character(text[i]); ++i)
    c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
  return c;
}

// Pieces with `between` between them, in lines of at most `width` columns; a line that goes on ends
// with what is between, but for its blanks.
std::vector<std::string> fill(const std::vector<std::string>& pieces, std::string_view between,
                              size_t width) {
  const std::string line_end(between, 0, between.find_last_not_of(' ') + 1);
  const size_t between_width = display_width(between);
  const size_t end_width = display_width(line_end);
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::string& line = lines.back();
    const size_t end = i + 1 < pieces.size() ? end_width : 0;
    if (i == 0) {
      line = pieces[i];
    } else if (display_width(line) + between_width + display_width(pieces[i]) + end <= width) {
      line.append(between).append(pieces[i]);
    } else {
      line += line_end;
      lines.push_back(pieces[i]);
    }
  }
  return lines;
}

size_t room_beside(const Screen& screen, std::string_view lead) {
  const size_t indent = display_width(lead);
  return std::max(screen.width, indent + kNarrowest) - indent;
}

// The lines below each other, the first after the lead.
std::string place(std::string_view lead, const std::vector<std::string>& lines) {
  std::string block;
  for (const auto& line : lines) {
    block += block.empty() ? std::string(lead) : std::string(display_width(lead), ' ');
    block += line + "\n";
  }
  return block;
}

}  // namespace

std::string paint(const Screen& screen, Style style, const std::string& text) {
  if (!screen.colour || style == Style::plain || text.empty()) return text;
  return fmt::format("{}{}\x1b[0m", escape_sequence(style), text);
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    size_t size = 1;
    if (text.starts_with("\x1b[")) {
      size = std::min(text.find('m'), text.size() - 1) + 1;
    } else {
      while (size < text.size() && continues_character(text[size])) ++size;
      width += is_wide(first_character(text)) ? 2 : 1;
    }
    text.remove_prefix(size);
  }
  return width;
}

std::vector<std::string> wrap(std::string_view text, size_t width) {
  const auto words = split(text, ' ');
  return fill({words.begin(), words.end()}, " ", width);
}

std::string hang(const Screen& screen, std::string_view lead, std::string_view text) {
  return place(lead, wrap(text, room_beside(screen, lead)));
}

std::string hang_list(const Screen& screen, std::string_view lead,
                      const std::vector<std::string>& items) {
  const std::string_view between = screen.unicode ? " · " : ", ";
  return place(lead, fill(items, between, room_beside(screen, lead)));
}

std::string_view arrow(const Screen& screen) {
  return screen.unicode ? "→" : "->";
}

std::string print_table(const Screen& screen, const std::vector<std::string>& heading,
                        const std::vector<std::vector<Cell>>& rows) {
  std::vector<size_t> widths;
  for (const auto& name : heading) widths.push_back(display_width(name));
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i].text));

  size_t before_last = kIndent;
  for (size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const size_t room = std::max(screen.width, before_last + kNarrowest) - before_last;

  std::vector<std::vector<Cell>> lines(1);
  for (const auto& name : heading) lines[0].push_back({name, Style::faint});
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::string table;
  for (const auto& row : lines) {
    std::string line(kIndent, ' ');
    for (size_t i = 0; i + 1 < row.size(); ++i)
      line += paint(screen, row[i].style, row[i].text) +
              std::string(widths[i] - display_width(row[i].text) + kGap, ' ');
    const auto last = wrap(row.back().text, room);
    line += paint(screen, row.back().style, last[0]);
    table.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
    for (size_t i = 1; i < last.size(); ++i)
      table += std::string(before_last, ' ') + paint(screen, row.back().style, last[i]) + "\n";
  }
  return table;
}

}  // namespace tasuki::cli
