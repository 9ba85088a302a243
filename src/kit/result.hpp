// Results of things that the world may refuse. An Error is told once, by whoever can act on it;
// everyone in between adds what it was doing and passes it up.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <utility>

namespace tasuki {

// What the world refused: a sentence for a person, and the errno behind it (0 when there is none).
struct Error {
  std::string what;
  int code = 0;

  // The same error with what was being done put in front: "mount /data: no such device".
  [[nodiscard]] Error during(const std::string& action) const {
    return {action + ": " + what, code};
  }
  friend bool operator==(const Error&, const Error&) = default;
};

// A value or the reason why there is none. Dropping one does not compile.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

// The failing half of a Result: `return failure("no such group");`
inline std::unexpected<Error> failure(std::string what, int code = 0) {
  return std::unexpected(Error{std::move(what), code});
}
inline std::unexpected<Error> failure(Error error) {
  return std::unexpected(std::move(error));
}

// The failing half of a Result from errno: `return errno_failure("open " + path);`
std::unexpected<Error> errno_failure(const std::string& action, int code = errno);

}  // namespace tasuki
