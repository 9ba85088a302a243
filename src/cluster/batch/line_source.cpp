#include "cluster/batch/line_source.hpp"

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {

LineSource::LineSource(const Script& script, size_t first_line, const ExpandLine& expand)
    : script_(script), expand_(expand), index_(first_line) {
  TASUKI_ASSERT(first_line < script.lines.size());
  load();
}

bool LineSource::next_line() {
  if (index_ + 1 >= script_.lines.size() || bytes_ > kStatementBytesMax) return false;
  ++index_;
  load();
  return true;
}

void LineSource::fault(std::string what, std::string expected) {
  faults_.push_back({line(), std::string(trim(text_)), std::move(what), std::move(expected)});
}

void LineSource::fault_in(int line, std::string what, std::string expected) {
  const std::string& text = script_.lines[static_cast<size_t>(line) - 1];
  faults_.push_back({line, std::string(trim(text)), std::move(what), std::move(expected)});
}

void LineSource::load() {
  Expansion expansion = expand_(script_.lines[index_]);
  needs_moment_ = needs_moment_ || expansion.needs_moment;
  text_ = script_.lines[index_];
  position_ = 0;
  if (expansion.fault)
    fault(*expansion.fault, expansion.advice.empty()
                                ? "double the percent signs that are meant as text"
                                : expansion.advice);
  if (expansion.text.size() > kLineBytesMax)
    return fault(
        fmt::format("with its variables expanded the line has {} bytes", expansion.text.size()),
        fmt::format("a line has at most {}", kLineBytesMax));
  text_ = std::move(expansion.text);
  bytes_ += text_.size();
  if (bytes_ > kStatementBytesMax)
    fault(fmt::format("with its variables expanded the block has more than {} bytes",
                      kStatementBytesMax),
          "divide it");
}

}  // namespace tasuki::batch
