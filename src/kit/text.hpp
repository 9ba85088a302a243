// Text helpers without domain words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki {

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
// Equal but for the case of ASCII letters.
bool same_but_case(std::string_view one, std::string_view other);
std::string join(std::span<const std::string> parts, std::string_view separator);

// The text with a blank for each control character, those that UTF-8 writes as two bytes (C1)
// included: what comes from outside must not command a terminal.
std::string printable(std::string_view text);

// The known word that is nearest to a misspelled one (Levenshtein distance of at most a third of
// its length, at least 1), for "did you mean".
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace tasuki
