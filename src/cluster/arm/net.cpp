#include "cluster/arm/net.hpp"

#include <set>

#include <fmt/format.h>

namespace tasuki::arm {
namespace {

// net ends with 2 whatever kept it from doing what it was asked.
constexpr int kNetFailed = 2;

// The numbers are those of the messages in Windows, which scripts look for in a log.
constexpr int kAlreadyStarted = 2182;
constexpr int kNotStarted = 3521;
constexpr int kInvalidName = 2185;

int refuse(const Surroundings& surroundings, const std::string& line, int number) {
  surroundings.complain(
      fmt::format("{}\n\nMore help is available by typing NET HELPMSG {}.\n", line, number));
  return kNetFailed;
}

}  // namespace

int print_net_outcome(const Surroundings& surroundings, NetVerb verb, const std::string& service,
                      unsigned status, const Json& body) {
  const bool start = verb == NetVerb::start;
  const std::string shown = body.value("service", service);
  if (status < 400) {
    surroundings.say(start ? fmt::format("The {0} service is starting.\n"
                                         "The {0} service was started successfully.\n",
                                         shown)
                           : fmt::format("The {0} service is stopping.\n"
                                         "The {0} service was stopped successfully.\n",
                                         shown));
    return 0;
  }
  if (body.value("already", false))
    return start ? refuse(surroundings, "The requested service has already been started.",
                          kAlreadyStarted)
                 : refuse(surroundings, fmt::format("The {} service is not started.", shown),
                          kNotStarted);
  const std::string reason = body.value("error", "");
  constexpr unsigned kUnknown = 404;
  if (status == kUnknown)
    return refuse(surroundings, "The service name is invalid: " + reason, kInvalidName);
  surroundings.complain(fmt::format("The {} service could not be {}.\n\n{}\n", shown,
                                    start ? "started" : "stopped", reason));
  return kNetFailed;
}

int print_net_list(const Surroundings& surroundings, const Json& body) {
  std::set<std::string> running;
  for (const Json& service : body.at("services"))
    if (service.at("state") == "running") running.insert(service.at("name"));
  std::string text = "These services are started:\n\n";
  for (const std::string& name : running) text += fmt::format("   {}\n", name);
  surroundings.say(text + "\nThe command completed successfully.\n");
  return 0;
}

}  // namespace tasuki::arm
