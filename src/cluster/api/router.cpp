#include "cluster/api/router.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::api {
namespace {

using Parameters = std::map<std::string, std::string>;

bool is_parameter(std::string_view part) {
  return part.starts_with('{');
}

// The parameters when the path has the route's shape.
std::optional<Parameters> match_path(std::string_view pattern,
                                     const std::vector<std::string>& path) {
  const auto wanted = split(pattern, '/');
  if (wanted.size() != path.size()) return std::nullopt;
  Parameters parameters;
  for (size_t i = 0; i < path.size(); ++i) {
    if (is_parameter(wanted[i]))
      parameters.emplace(wanted[i].substr(1, wanted[i].size() - 2), path[i]);
    else if (wanted[i] != path[i])
      return std::nullopt;
  }
  return parameters;
}

std::optional<std::vector<std::string>> decode_path(std::string_view path) {
  std::vector<std::string> parts;
  for (const auto part : split(path, '/')) {
    auto decoded = percent_decode(part);
    if (!decoded) return std::nullopt;
    parts.push_back(std::move(*decoded));
  }
  return parts;
}

std::optional<Parameters> decode_query(std::string_view query) {
  Parameters values;
  for (const auto pair : split(query, '&')) {
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return std::nullopt;
    values.insert_or_assign(std::move(*name), std::move(*value));
  }
  return values;
}

}  // namespace

void Router::add(Endpoint endpoint) {
  const auto same = [&](const Endpoint& known) {
    return known.route.method == endpoint.route.method && known.route.path == endpoint.route.path;
  };
  TASUKI_ASSERT(std::ranges::none_of(endpoints_, same));
  endpoints_.push_back(std::move(endpoint));
}

Result<Match> Router::find(Method method, std::string_view target) const& {
  const size_t question = std::min(target.find('?'), target.size());
  const auto path = decode_path(target.substr(0, question));
  auto query = decode_query(target.substr(std::min(question + 1, target.size())));
  if (!path || !query) return failure(fmt::format("{} is not a proper address", target));

  Match match;
  std::string_view other_method;
  for (const auto& endpoint : endpoints_) {
    auto parameters = match_path(endpoint.route.path, *path);
    if (!parameters) continue;
    if (endpoint.route.method != method) {
      other_method = method_name(endpoint.route.method);
      continue;
    }
    if (match.endpoint && match.parameters.size() <= parameters->size()) continue;
    match = {&endpoint, std::move(*parameters), {}};
  }
  const auto name = target.substr(0, question);
  if (!match.endpoint && !other_method.empty())
    return failure(fmt::format("{} takes {}, not {}", name, other_method, method_name(method)));
  if (!match.endpoint) return failure(fmt::format("there is no {}", name));
  match.query = std::move(*query);
  return match;
}

std::vector<Route> Router::routes() const {
  std::vector<Route> routes;
  for (const auto& endpoint : endpoints_) routes.push_back(endpoint.route);
  return routes;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved =
        byte < 0x80 && (std::isalnum(byte) || std::string_view("-._~").contains(c));
    if (unreserved)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", byte);
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    const char* const end = text.data() + std::min(i + 3, text.size());
    if (const auto [stop, problem] = std::from_chars(digits, end, byte, 16);
        problem != std::errc{} || stop != digits + 2)
      return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

}  // namespace tasuki::api
