// The characters and words of the batch language: what separates words, what quotes do, and names
// that are the same whatever their case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tasuki::batch {

bool is_blank(char c);
// What separates words for cmd.exe: blank, tab, comma, semicolon and equals sign.
bool is_delimiter(char c);
bool is_digit(char c);

// Only ASCII letters change: the names of the language are ASCII, and cmd.exe's other letters
// depend on the code page.
char lower(char c);
std::string lower(std::string_view text);
bool same_name(std::string_view a, std::string_view b);
bool starts_with_name(std::string_view text, std::string_view start);

// At most one pair of quotes around the whole is taken off, as %~1 does.
std::string_view unquoted(std::string_view word);
// Without any quote, which is what a program gets of an argument.
std::string without_quotes(std::string_view word);

std::string_view trim_delimiters(std::string_view text);

// By delimiters outside quotes; quotes stay.
std::vector<std::string> split_words(std::string_view text);
// By blanks outside quotes; quotes stay. Programs see commas and equals signs, labels do not.
std::vector<std::string> split_by_blanks(std::string_view text);

// Blanks outside quotes become one, those at the ends none: how a command is shown to people.
std::string fold_blanks(std::string_view text);

}  // namespace tasuki::batch
