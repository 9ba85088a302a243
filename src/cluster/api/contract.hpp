// The control API as a list: every route tasukid answers, who may use it, and what its statuses
// mean to a program. docs/api/openapi.yaml describes the same routes in full; a test compares them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tasuki::api {

enum class Method { get, post };

// Reading is for every member of the socket's group, acting for root alone.
enum class Access { read, act };

struct Route {
  Method method;
  std::string path;  // "{name}" stands for one part of the path
  Access access;
  friend bool operator==(const Route&, const Route&) = default;
};

// In the order in which docs/api/openapi.yaml lists them.
std::span<const Route> control_routes();

std::string_view method_name(Method method);

// How a program that asked ends. The numbers are a promise to scripts: docs/cli.md lists them.
enum class Exit {
  ok = 0,
  failed = 1,       // it did not work, or something was found
  usage = 2,        // the command line is wrong
  unreachable = 3,  // tasukid does not answer
  refused = 4,      // not allowed, or this side has no right to decide
  unknown = 5,      // there is no such group, node or version
  time_ran_out = 6,
  incomplete = 7  // what was made needs to be filled in first
};

// What an answer's HTTP status means; statuses below 400 are ok.
Exit exit_for_status(unsigned status);

}  // namespace tasuki::api
