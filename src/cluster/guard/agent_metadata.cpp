#include "cluster/guard/agent_metadata.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <pugixml.hpp>

#include <fmt/format.h>

#include "cluster/guard/agent.hpp"
#include "kit/diagnostic.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

// What Tasuki gives by itself.
constexpr std::array<std::string_view, 3> kGiven{"action", "plug", "port"};
// `off` switches, `status` proves it, `monitor` tells that both will work.
constexpr std::array<std::string_view, 3> kNeededActions{"off", "status", "monitor"};
constexpr std::array<std::string_view, 8> kBooleans{"1", "yes", "on",  "true",
                                                    "0", "no",  "off", "false"};

AgentOption read_option(const pugi::xml_node& parameter) {
  const pugi::xml_node content = parameter.child("content");
  AgentOption option{.name = parameter.attribute("name").value(),
                     .obsoletes = parameter.attribute("obsoletes").value(),
                     .required = parameter.attribute("required").as_bool(),
                     .deprecated = parameter.attribute("deprecated").as_bool(),
                     .type = content.attribute("type").value(),
                     .choices = {}};
  for (const pugi::xml_node& choice : content.children("option"))
    option.choices.emplace_back(choice.attribute("value").value());
  return option;
}

bool is_whole_number(std::string_view text) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// What the option's value must be; empty when it may be so.
std::string expected_value(const AgentOption& option, const std::string& value) {
  const auto is_value = [&](std::string_view choice) { return same_but_case(choice, value); };
  if (option.type == "boolean" && std::ranges::none_of(kBooleans, is_value)) return "true or false";
  if ((option.type == "integer" || option.type == "second") && !is_whole_number(value))
    return option.type == "second" ? "a whole number of seconds" : "a whole number";
  if (!option.choices.empty() && std::ranges::none_of(option.choices, is_value))
    return quoted_list(option.choices);
  return "";
}

SettingProblem unknown_option(const AgentMetadata& metadata, const std::string& agent,
                              const std::string& name) {
  std::vector<std::string> known;
  for (const AgentOption& option : metadata.options)
    if (!option.deprecated) known.push_back(option.name);
  const auto nearest = nearest_word(name, known);
  return {name, fmt::format("{} has no option \"{}\" and would pass over it", agent, name),
          nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                  : fmt::format("echo action=metadata | {} lists its options", agent)};
}

bool is_given(const AgentOption& option, const core::FenceDevice& device) {
  return std::ranges::find(kGiven, option.name) != kGiven.end() ||
         device.options.contains(option.name) || device.options.contains(option.obsoletes);
}

}  // namespace

Result<AgentMetadata> parse_agent_metadata(std::string_view printed) {
  constexpr std::string_view kEnd = "</resource-agent>";
  const size_t begin = printed.find("<resource-agent");
  const size_t end = printed.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return failure("it prints no metadata");
  const std::string_view xml = printed.substr(begin, end + kEnd.size() - begin);
  pugi::xml_document document;
  if (const auto read = document.load_buffer(xml.data(), xml.size()); !read)
    return failure(fmt::format("its metadata cannot be read: {}", read.description()));
  AgentMetadata metadata;
  const pugi::xml_node agent = document.child("resource-agent");
  for (const pugi::xml_node& parameter : agent.child("parameters").children("parameter"))
    metadata.options.push_back(read_option(parameter));
  for (const pugi::xml_node& action : agent.child("actions").children("action")) {
    const std::string name = action.attribute("name").value();
    metadata.actions.insert(name);
    metadata.switches_no_power |= name == "on" && (action.attribute("on_target").as_bool() ||
                                                   action.attribute("automatic").as_bool());
  }
  return metadata;
}

Task<Result<AgentMetadata>> agent_metadata(core::FenceDevice device) {
  const std::string what = device.agent + " metadata";
  device.options.clear();
  const auto end = co_await run_agent(std::move(device), "metadata", "");
  if (!end) co_return failure(end.error());
  if (end->exit_code != 0)
    co_return failure(fmt::format("{} failed ({}): {}", what, end->exit_code, end->last_line()));
  auto metadata = parse_agent_metadata(end->output);
  if (!metadata) co_return failure(fmt::format("{}: {}", what, metadata.error().what), EBADMSG);
  co_return metadata;
}

std::vector<SettingProblem> check_settings(const AgentMetadata& metadata,
                                           const core::FenceDevice& device) {
  std::vector<SettingProblem> problems;
  if (metadata.switches_no_power)
    problems.push_back({"",
                        fmt::format("{} cuts a node off its disks or network and leaves its power "
                                    "on, so it proves nothing",
                                    device.agent),
                        "for disks write guard = \"scsi-reservation\" into their partitions"});
  for (const std::string_view action : kNeededActions)
    if (!metadata.actions.contains(std::string(action)))
      problems.push_back({"", fmt::format("{} knows no \"{}\"", device.agent, action),
                          "only off, confirmed by status, proves that a node is off"});
  for (const AgentOption& option : metadata.options)
    if (option.required && !option.deprecated && !is_given(option, device))
      problems.push_back(
          {"", fmt::format("{} needs \"{}\"", device.agent, option.name), "write it into options"});
  for (const auto& [name, value] : device.options) {
    const auto option = std::ranges::find(metadata.options, name, &AgentOption::name);
    if (option == metadata.options.end())
      problems.push_back(unknown_option(metadata, device.agent, name));
    else if (const std::string expected = expected_value(*option, value); !expected.empty())
      problems.push_back(
          {name, fmt::format("{} cannot read {} = \"{}\"", device.agent, name, value), expected});
  }
  return problems;
}

}  // namespace tasuki::guard
