// The edits that a variable's expansion can ask for: a part of its value, or a replacement.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tasuki::batch {

// "~start,length" as in %X:~1,2%: both may be negative and count from the end then. None when it is
// no such edit. Counts characters, not bytes.
std::optional<std::string> cut(std::string_view value, std::string_view edit);

// Every `search`, whatever its case, becomes `replacement`; with a leading "*" the first one and
// everything before it does.
std::string replace(std::string_view value, std::string_view search, std::string_view replacement);

// The value seen as a path, as %~dpnx1 does: d drive, p folder, n name, x extension, f all of them.
// Without letters only the quotes go. A relative path is seen from `folder`.
std::string pick_path_parts(std::string_view value, std::string_view letters,
                            std::string_view folder);

}  // namespace tasuki::batch
