#include "cluster/executor/watch_note.hpp"

#include <array>
#include <stdexcept>

// nlohmann::json throws on a missing key or a wrong type; the exceptions end in
// watches_from_json().
namespace tasuki::executor {
namespace {

constexpr std::array kPhases{WatchPhase::starting, WatchPhase::running, WatchPhase::waiting,
                             WatchPhase::stopping, WatchPhase::stopped};

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json or_null(const std::optional<Time>& time) {
  return time ? Json(time->count()) : Json(nullptr);
}
template <class T>
std::optional<T> parse_or_null(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<T>());
}
Time parse_time(const Json& json) {
  return Time(json.get<int64_t>());
}

Json write(const Program& program) {
  return {{"command", program.command},
          {"user", program.user},
          {"working_directory", program.working_directory},
          {"environment", program.environment}};
}

Json write(const WatchOrder& order) {
  Json json = {{"id", order.id},
               {"shown", order.shown},
               {"on_end", static_cast<int>(order.on_end)},
               {"restarts", order.restarts},
               {"reset_after_h", order.reset_after ? Json(order.reset_after->count()) : Json()},
               {"through_scripts", order.through_scripts},
               {"wait_ms", order.wait.count()},
               {"interval_ms", order.interval.count()},
               {"take_running", order.take_running}};
  if (const auto* service = std::get_if<core::ServiceName>(&order.what))
    json["service"] = service->value;
  else
    json["program"] = write(std::get<Program>(order.what));
  return json;
}

WatchOrder parse_order(const Json& json) {
  WatchOrder order;
  order.id = json.at("id");
  order.shown = json.at("shown");
  order.on_end = static_cast<OnEnd>(json.at("on_end").get<int>());
  order.restarts = json.at("restarts");
  if (const Json& hours = json.at("reset_after_h"); !hours.is_null())
    order.reset_after = std::chrono::hours(hours.get<int64_t>());
  order.through_scripts = json.at("through_scripts");
  order.wait = parse_time(json.at("wait_ms"));
  order.interval = parse_time(json.at("interval_ms"));
  order.take_running = json.at("take_running");
  if (json.contains("service")) {
    order.what = core::ServiceName{json.at("service").get<std::string>()};
    return order;
  }
  const Json& program = json.at("program");
  order.what = Program{program.at("command"), program.at("user"), program.at("working_directory"),
                       program.at("environment")};
  return order;
}

Json write(const Watch& watch) {
  return {{"serial", watch.serial},
          {"order", write(watch.order)},
          {"phase", to_text(watch.phase)},
          {"wish", static_cast<int>(watch.wish)},
          {"loading", watch.loading},
          {"paused", watch.pause.has_value()},
          {"paused_until_ms", watch.pause ? or_null(watch.pause->until) : Json(nullptr)},
          {"restarts", watch.restarts.count},
          {"last_restart_ms", watch.restarts.last.count()},
          {"due_ms", watch.due.count()},
          {"exit_code", or_null(watch.exit_code)}};
}

WatchPhase parse_phase(const Json& json) {
  for (const WatchPhase phase : kPhases)
    if (json == to_text(phase)) return phase;
  throw std::runtime_error("unknown word " + json.dump());
}

Watch parse_watch(const Json& json) {
  Watch watch;
  watch.serial = json.at("serial");
  watch.order = parse_order(json.at("order"));
  watch.phase = parse_phase(json.at("phase"));
  watch.wish = static_cast<Watch::Wish>(json.at("wish").get<int>());
  watch.loading = json.at("loading");
  if (json.at("paused").get<bool>()) {
    watch.pause = Pause{};
    if (const Json& until = json.at("paused_until_ms"); !until.is_null())
      watch.pause->until = parse_time(until);
  }
  watch.restarts = {json.at("restarts"), parse_time(json.at("last_restart_ms"))};
  watch.due = parse_time(json.at("due_ms"));
  watch.exit_code = parse_or_null<int>(json.at("exit_code"));
  return watch;
}

}  // namespace

Json to_json(const KeptWatches& kept) {
  Json watches = Json::array();
  for (const Watch& watch : kept.watches) watches.push_back(write(watch));
  Json carried = Json::object();
  for (const auto& [id, restarts] : kept.carried)
    carried[id] = {{"count", restarts.count}, {"last_ms", restarts.last.count()}};
  return {{"watches", watches}, {"carried", carried}};
}

Result<KeptWatches> watches_from_json(const Json& json) {
  try {
    KeptWatches kept;
    for (const Json& watch : json.at("watches")) kept.watches.push_back(parse_watch(watch));
    for (const auto& [id, restarts] : json.at("carried").items())
      kept.carried[id] = {restarts.at("count"), parse_time(restarts.at("last_ms"))};
    return kept;
  } catch (const std::exception& problem) {
    return failure(std::string("the note about watches cannot be read: ") + problem.what());
  }
}

}  // namespace tasuki::executor
