#include "cluster/lab/control.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/lab/note.hpp"

namespace tasuki::lab {

Task<LineAnswer> Control::answer(std::string line) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("op"))
    co_return LineAnswer{Json{{"ok", false}, {"error", "not a request of a lab"}}.dump()};
  Result<Json> reply = failure("");
  try {
    reply = co_await perform(request);
  } catch (const Json::exception& problem) {
    reply = failure(problem.what());
  }
  if (!reply) co_return LineAnswer{Json{{"ok", false}, {"error", reply.error().what}}.dump()};
  (*reply)["ok"] = true;
  LineAnswer with_host{reply->dump()};
  if (request["op"] == "enter") with_host.attached = find(request.at("host"))->process();
  co_return with_host;
}

Machine* Control::find(const std::string& name) {
  const auto found = std::ranges::find_if(
      machines_, [&](const auto& machine) { return machine->host().name == name; });
  return found == machines_.end() ? nullptr : found->get();
}

Task<Result<Json>> Control::perform(Json request) {
  const std::string operation = request.at("op");
  if (operation == "status") co_return status();
  if (operation == "heal") co_return heal();
  if (operation == "down") {
    end_lab_();
    co_return Json::object();
  }
  const std::string name = request.value("host", "");
  Machine* const machine = find(name);
  if (machine == nullptr) co_return failure(fmt::format("the lab has no host named \"{}\"", name));
  co_return co_await perform_on(*machine, operation, std::move(request));
}

Task<Result<Json>> Control::perform_on(Machine& machine, std::string operation, Json request) {
  Result<void> done = failure(fmt::format("\"{}\" is not a request of a lab", operation));
  if (operation == "enter") co_return enter(machine);
  if (operation == "cut") co_return cut(machine, request);
  if (operation == "kill") done = co_await machine.cut_power();
  if (operation == "start") done = co_await machine.start();
  if (operation == "thaw") done = machine.thaw();
  if (operation == "freeze")
    done = machine.freeze(request.value("paused", false) ? Machine::Watch::paused
                                                         : Machine::Watch::runs);
  if (!done) co_return failure(done.error());
  co_return Json::object();
}

Result<Json> Control::cut(Machine& machine, const Json& request) {
  const std::string& name = machine.host().name;
  if (!request.contains("other")) {
    note("cut {}", name);
    if (auto done = machine.set_plug(Machine::Plug::out); !done) return failure(done.error());
    return Json::object();
  }
  const std::string other = request.at("other");
  if (find(other) == nullptr || other == name)
    return failure(fmt::format("the lab has no other host named \"{}\"", other));
  const bool one_way = request.value("one_way", false);
  auto wanted = cuts_;
  wanted.insert({name, other});
  if (!one_way) wanted.insert({other, name});
  note("cut {} {} {}", name, one_way ? "->" : "<->", other);
  if (auto done = apply_cuts(plan_.hosts, wanted); !done) return failure(done.error());
  cuts_ = std::move(wanted);
  return Json::object();
}

Result<Json> Control::heal() {
  note("heal");
  if (!cuts_.empty())
    if (auto done = apply_cuts(plan_.hosts, {}); !done) return failure(done.error());
  cuts_.clear();
  for (auto& machine : machines_)
    if (auto done = machine->set_plug(Machine::Plug::in); !done) return failure(done.error());
  return Json::object();
}

Result<Json> Control::enter(Machine& machine) {
  if (machine.process() < 0)
    return failure(fmt::format("{} is {}; nothing can run there now", machine.host().name,
                               machine.status().at("state").get<std::string>()));
  return Json{{"cgroup", places_.host_cgroup(machine.host().name)}, {"programs", places_.programs}};
}

Json Control::status() const {
  Json hosts = Json::array();
  for (const auto& machine : machines_) hosts.push_back(machine->status());
  Json cuts = Json::array();
  for (const auto& cut : cuts_) cuts.push_back({{"from", cut.from}, {"to", cut.to}});
  return {{"cluster", plan_.cluster},
          {"folder", places_.folder},
          {"log", places_.log()},
          {"hosts", hosts},
          {"cuts", cuts}};
}

}  // namespace tasuki::lab
