// Finds the handler of a request by its method and path. A path written in full wins over one with
// a parameter, so "/v1/config/history" is not the version "history" of "/v1/config/{counter}".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/api/message.hpp"
#include "kit/result.hpp"

namespace tasuki::api {

struct Endpoint {
  Route route;
  std::variant<Handler, StreamHandler> handler;
};

struct Match {
  const Endpoint* endpoint = nullptr;
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> query;
};

class Router {
 public:
  // Two endpoints of the same method and path are a mistake of ours.
  void add(Endpoint endpoint);

  // The endpoint for a request target as it stands in the request line (RFC 9112 3.2.1), or a
  // sentence why there is none. The match points into the router.
  [[nodiscard]] Result<Match> find(Method method, std::string_view target) const&;
  Result<Match> find(Method method, std::string_view target) const&& = delete;

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  std::vector<Endpoint> endpoints_;
};

// Percent-encoding of one part of a path or of a query value (RFC 3986 2.1).
std::string percent_encode(std::string_view text);
// nullopt when a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace tasuki::api
