#include "cluster/lab/status.hpp"

#include <fmt/format.h>

namespace tasuki::lab {
namespace {

std::string join_texts(const Json& list, const char* key = nullptr) {
  std::string joined;
  for (const auto& entry : list)
    joined +=
        (joined.empty() ? "" : " ") + (key != nullptr ? entry.at(key) : entry).get<std::string>();
  return joined;
}

std::string watchdog_text(const Json& host) {
  const Json& left = host.at("watchdog_left_ms");
  if (left.is_null()) return "";
  const bool stopped = host.at("watchdog_stopped");
  return fmt::format(", watchdog {} {} ms", stopped ? "stopped with" : "in", left.get<int64_t>());
}

}  // namespace

std::string status_text(const Json& status) {
  std::string text = fmt::format("lab {} in {}\n", status.at("cluster").get<std::string>(),
                                 status.at("folder").get<std::string>());
  for (const auto& host : status.at("hosts"))
    text +=
        fmt::format("  {:<12} {:<10} {}{}{}{}\n", host.at("name").get<std::string>(),
                    host.at("state").get<std::string>(), join_texts(host.at("addresses")),
                    host.at("disks").empty() ? "" : "  " + join_texts(host.at("disks"), "device"),
                    host.at("plugged_in").get<bool>() ? "" : ", cut off", watchdog_text(host));
  for (const auto& cut : status.at("cuts"))
    text += fmt::format("  cut: {} -> {}\n", cut.at("from").get<std::string>(),
                        cut.at("to").get<std::string>());
  return text;
}

}  // namespace tasuki::lab
