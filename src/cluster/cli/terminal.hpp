// Where a verb's output goes and where its questions are answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/cli/screen.hpp"

namespace tasuki::cli {

class Terminal {
 public:
  Terminal() = default;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  virtual ~Terminal() = default;

  [[nodiscard]] virtual Screen screen() const = 0;
  // Standard output: what was asked for.
  virtual void print(std::string_view text) = 0;
  // Standard error: a sentence about what went wrong; the line's end is added.
  virtual void complain(std::string_view sentence) = 0;
  // Whether somebody is there to answer.
  [[nodiscard]] virtual bool interactive() const = 0;
  // The line typed in answer, or nullopt at its end of file.
  virtual std::optional<std::string> ask(const std::string& question) = 0;
};

// The process's own streams. Colours only on a terminal and unless NO_COLOR is set
// (https://no-color.org); UTF-8 as the locale's environment says (locale(7)).
class ProcessTerminal : public Terminal {
 public:
  [[nodiscard]] Screen screen() const override;
  void print(std::string_view text) override;
  void complain(std::string_view sentence) override;
  [[nodiscard]] bool interactive() const override;
  std::optional<std::string> ask(const std::string& question) override;
};

}  // namespace tasuki::cli
