#include "cluster/lab/fence_agent.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cluster/lab/line_client.hpp"
#include "cluster/lab/plan.hpp"
#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kIsOff = 2;

// A machine that has not ended after this is reported as such by the controller itself.
constexpr auto kAnswerLimit = 20s;

constexpr std::string_view kMetadata =
    R"(<?xml version="1.0" ?>
<resource-agent name="fence_tasuki_lab" shortdesc="Power switch of a Tasuki lab">
<longdesc>Switches the power of a node in a lab made by "tasuki lab up".</longdesc>
<parameters>
<parameter name="action" unique="0" required="1"><content type="string" default="off"/>
<shortdesc lang="en">Fencing action</shortdesc></parameter>
<parameter name="plug" unique="0" required="0"><content type="string"/>
<shortdesc lang="en">Name of the node</shortdesc></parameter>
<parameter name="socket" unique="0" required="0">
<content type="string" default="/run/tasuki-lab/power.sock"/>
<shortdesc lang="en">Socket of the lab's power controller</shortdesc></parameter>
{}</parameters>
<actions>
<action name="on" automatic="0"/><action name="off"/><action name="reboot"/>
<action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/>
</actions>
</resource-agent>
)";

using Options = std::map<std::string, std::string>;

Options read_options(std::istream& input) {
  Options options{{"action", "reboot"}, {"socket", kPowerSocketInNode}};
  for (std::string line; std::getline(input, line);) {
    const auto text = trim(line);
    const size_t equals = text.find('=');
    if (text.starts_with('#') || equals == std::string_view::npos) continue;
    options[std::string(trim(text.substr(0, equals)))] = trim(text.substr(equals + 1));
  }
  return options;
}

struct Outlet {
  std::string node;
  Options options;
};

// Where the configuration has this agent.
std::vector<Outlet> outlets_of(const std::string& agent) {
  const auto text = read_file(kOutletsInNode);
  const Json all = text ? Json::parse(*text, nullptr, false) : Json();
  std::vector<Outlet> outlets;
  for (const Json& outlet : all)
    if (outlet.value("agent", "") == agent)
      outlets.push_back({outlet.value("node", ""), outlet.value("options", Options())});
  return outlets;
}

// The lab's own options, and all that the configuration gives the agent that this one stands for.
std::string metadata(const std::string& agent) {
  std::set<std::string> given;
  for (const Outlet& outlet : outlets_of(agent))
    for (const auto& [option, value] : outlet.options) given.insert(option);
  std::string parameters;
  for (const std::string& option : given)
    parameters += fmt::format(
        "<parameter name=\"{}\" unique=\"0\" required=\"0\"><content "
        "type=\"string\"/></parameter>\n",
        option);
  return fmt::format(kMetadata, parameters);
}

// The node for which the configuration has this agent with these options.
std::optional<std::string> node_switched_by(const std::string& agent, const Options& options) {
  std::set<std::string> nodes;
  for (const Outlet& outlet : outlets_of(agent)) {
    const bool matches = std::ranges::all_of(outlet.options, [&](const auto& option) {
      const auto given = options.find(option.first);
      return given != options.end() && given->second == option.second;
    });
    if (matches) nodes.insert(outlet.node);
  }
  // Where several nodes share a device, its plug is the node's name.
  if (nodes.size() != 1) return std::nullopt;
  return *nodes.begin();
}

// What follows "ok".
Result<std::string> ask(const Options& options, const std::string& question) {
  const auto reply = ask_line(options.at("socket"), question, kAnswerLimit);
  if (!reply) return failure(reply.error());
  if (!reply->line.starts_with("ok ")) return failure(reply->line);
  return reply->line.substr(3);
}

Result<int> perform(const Options& options, std::ostream& output) {
  const std::string& action = options.at("action");
  if (action == "list" || action == "monitor") {
    const auto names = ask(options, "list");
    if (!names) return failure(names.error());
    if (action == "list")
      for (const auto name : split(*names, ' ')) output << name << "," << name << "\n";
    return kDone;
  }
  const auto plug = options.find("plug");
  if (plug == options.end()) return failure("plug=NODE is missing");
  const auto switch_to = [&](const std::string& state) -> Result<int> {
    const auto reply = ask(options, state + " " + plug->second);
    if (!reply) return failure(reply.error());
    return *reply == state ? Result<int>(kDone) : failure("it is " + *reply);
  };
  if (action == "off" || action == "on") return switch_to(action);
  if (action == "reboot") {
    if (auto off = switch_to("off"); !off) return off;
    return switch_to("on");
  }
  if (action == "status") {
    const auto state = ask(options, "status " + plug->second);
    if (!state) return failure(state.error());
    return *state == "on" ? kDone : kIsOff;
  }
  return failure(fmt::format("action={} is not known", action));
}

}  // namespace

int run_fence_agent(const std::string& name, std::istream& input, std::ostream& output,
                    std::ostream& errors) {
  Options options = read_options(input);
  if (options.at("action") == "metadata") {
    output << metadata(name);
    return kDone;
  }
  if (!name.ends_with(kLabAgent))
    if (const auto node = node_switched_by(name, options)) options["plug"] = *node;
  const auto status = perform(options, output);
  if (status) return *status;
  errors << name << ": " << status.error().what << "\n";
  return kFailed;
}

}  // namespace tasuki::lab
