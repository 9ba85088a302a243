// The part of the world that carries sentences out.
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "cluster/settings/places.hpp"
#include "cluster/simulation/world.hpp"

namespace tasuki::simulation {

Result<void> World::perform(const Sentence& sentence) {
  if (do_to_machine(sentence) || do_to_program(sentence) || do_to_resource(sentence) ||
      do_to_guard(sentence))
    return {};
  if (do_to_network(sentence)) {
    corosync_.look();
    return {};
  }
  return sentence.deed == Deed::change_setting ? change_setting(sentence) : ask(sentence);
}

bool World::do_to_machine(const Sentence& sentence) {
  if (sentence.nodes.empty()) return false;
  const core::NodeId node = sentence.nodes.front();
  Hardware& hardware = server(node).hardware;
  switch (sentence.deed) {
    case Deed::lose:
      if (hardware.on()) cut_power(node);
      return true;
    case Deed::start:
      start(node);
      return true;
    case Deed::freeze:
    case Deed::pause:
      if (!hardware.runs()) return true;
      if (sentence.deed == Deed::pause)
        hardware.pause();
      else
        hardware.freeze();
      corosync_.look();
      return true;
    case Deed::thaw:
      if (!hardware.on() || !hardware.frozen()) return true;
      hardware.thaw();
      corosync_.look();
      return true;
    default:
      return false;
  }
}

void World::start(core::NodeId node) {
  Server& here = server(node);
  if (!here.hardware.on()) return switch_on(node, around_.chance.take(around_.pace.boot));
  if (!std::exchange(here.left, false)) return;
  start_tasukid(node);
}

bool World::do_to_program(const Sentence& sentence) {
  if (sentence.nodes.empty()) return false;
  const core::NodeId node = sentence.nodes.front();
  Server& here = server(node);
  switch (sentence.deed) {
    case Deed::kill_tasukid:
      if (!here.tasukid) return true;
      end_tasukid(node);
      tasukid_exits(node);
      return true;
    case Deed::kill_keeper:
      if (here.keeper) kill_keeper(node);
      return true;
    case Deed::kill_corosync:
      if (corosync_.runs(node)) kill_corosync(node);
      return true;
    case Deed::leave:
      if (!here.tasukid || !here.tasukid->replica() || here.hardware.frozen()) return true;
      here.left = true;
      here.tasukid->leave();
      return true;
    default:
      return false;
  }
}

// --- The network --------------------------------------------------------------------------------

void World::cut_off(core::NodeId node) {
  for (const auto& [other, server] : servers_) {
    if (other == node) continue;
    network_.cut(node, other);
    network_.cut(other, node);
  }
  network_.cut_witness(node);
}

bool World::do_to_network(const Sentence& sentence) {
  const auto node = [&](size_t place) { return sentence.nodes[place]; };
  switch (sentence.deed) {
    case Deed::cut:
      cut_off(node(0));
      return true;
    case Deed::cut_between:
      network_.cut(node(0), node(1));
      network_.cut(node(1), node(0));
      return true;
    case Deed::cut_one_way:
      network_.cut(node(0), node(1));
      return true;
    case Deed::cut_witness:
      network_.cut_witness(node(0));
      return true;
    case Deed::lose_witness:
      network_.stop_witness();
      return true;
    case Deed::start_witness:
      network_.start_witness();
      return true;
    case Deed::witness_refuses:
      witness_.refuse(node(0));
      return true;
    case Deed::witness_takes:
      witness_.take_again(node(0));
      return true;
    case Deed::heal:
      network_.heal();
      return true;
    case Deed::heal_between:
      network_.join(node(0), node(1));
      network_.join(node(1), node(0));
      return true;
    case Deed::delay:
      network_.set_delay(node(0), sentence.duration);
      return true;
    case Deed::loss:
      network_.set_loss(node(0), sentence.percent);
      return true;
    default:
      return false;
  }
}

// --- Resources, disks and switches --------------------------------------------------------------

core::ResourceName World::resource_of(const Sentence& sentence) const {
  if (!sentence.resource.value.empty()) return sentence.resource;
  const core::Group* group = config().find_group(sentence.group);
  return group == nullptr || group->resources.empty() ? core::ResourceName{}
                                                      : group->resources.front().name;
}

bool World::do_to_resource(const Sentence& sentence) {
  if (sentence.nodes.empty()) return false;
  const core::NodeId node = sentence.nodes.front();
  const core::ResourceName resource = resource_of(sentence);
  Hardware& hardware = server(node).hardware;
  switch (sentence.deed) {
    case Deed::fails:
      break_resource(node, sentence.group, resource);
      return true;
    case Deed::start_fails:
      hardware.trouble(sentence.group, resource).start_fails = true;
      return true;
    case Deed::start_hangs:
      hardware.trouble(sentence.group, resource).start_hangs = true;
      return true;
    case Deed::stop_hangs:
      hardware.trouble(sentence.group, resource).stop_hangs = true;
      return true;
    case Deed::works:
      hardware.mend(sentence.group);
      return true;
    default:
      return false;
  }
}

void World::break_resource(core::NodeId node, const core::GroupName& group,
                           const core::ResourceName& resource) {
  Server& here = server(node);
  const process::ProcessName process{group.value, resource.value};
  if (here.keeper && here.keeper->runs(process)) {
    here.keeper->kill_main(process, {process::ExitStatus::How::signal, SIGKILL});
  } else if (here.tasukid && here.hardware.runs() && here.hardware.holds(group, resource)) {
    here.tasukid->break_resource(group, resource, "it is gone");
  }
}

bool World::do_to_guard(const Sentence& sentence) {
  if (sentence.nodes.empty()) return false;
  Server& here = server(sentence.nodes.front());
  switch (sentence.deed) {
    case Deed::disk_slow:
      set_disk_health(sentence.nodes.front(), DiskFile::Health::slow);
      return true;
    case Deed::disk_hangs:
      set_disk_health(sentence.nodes.front(), DiskFile::Health::hangs);
      return true;
    case Deed::disk_works:
      set_disk_health(sentence.nodes.front(), DiskFile::Health::works);
      return true;
    case Deed::fence_fails:
      here.power_switch.set_health(SwitchHealth::fails);
      return true;
    case Deed::fence_hangs:
      here.power_switch.set_health(SwitchHealth::hangs);
      return true;
    case Deed::fence_works:
      here.power_switch.set_health(SwitchHealth::works);
      return true;
    case Deed::clock_jumps:
      here.clock_ahead += sentence.duration;
      return true;
    default:
      return false;
  }
}

void World::set_disk_health(core::NodeId node, DiskFile::Health health) {
  server(node).state_file.set_health(health);
  server(node).settings_file.set_health(health);
}

// --- What the groups' programs do ---------------------------------------------------------------

Result<void> World::change_setting(const Sentence& sentence) {
  // Enough of them that some are written once and others again and again, and some erased.
  constexpr uint64_t kSettings = 3;
  constexpr uint64_t kEraseOneOf = 7;
  const core::NodeId node = sentence.nodes.front();
  const core::Group* group = config().find_group(sentence.group);
  if (group == nullptr || !core::follows_settings(*group))
    return failure(fmt::format("no settings follow group {}", sentence.group));
  Server& here = server(node);
  if (!here.tasukid || here.tasukid->replica() == nullptr || !here.hardware.runs())
    return failure(fmt::format("{} does not answer", config().node_name(node)));
  const uint64_t number = ++settings_written_;
  const SettingWrite write{
      number, group->name,
      fmt::format("{}\x01{}", settings::places_of(*group).front(), number % kSettings),
      number % kEraseOneOf == 0};
  if (observer.setting_asked) observer.setting_asked(write);
  const settings::Edit edit =
      write.erases ? settings::Edit{settings::Edit::What::erase, write.id}
                   : settings::Edit{settings::Edit::What::put, write.id, std::to_string(number)};
  here.tasukid->change_setting(group->name, edit, [this, node, write](settings::Verdict verdict) {
    tell(
        "asked " + config().node_name(node),
        fmt::format("setting {} of group {} {}", write.number, write.group,
                    verdict == settings::Verdict::made        ? "is acknowledged"
                    : verdict == settings::Verdict::elsewhere ? "is refused: it is active elsewhere"
                                                              : "may be made or not"));
    if (observer.setting_answered) observer.setting_answered(write, verdict);
  });
  return {};
}

// --- What administrators say --------------------------------------------------------------------

Result<void> World::ask(const Sentence& sentence) {
  const auto via = spokesman();
  if (!via) return failure("no tasukid answers");
  const core::Replica& replica = *server(*via).tasukid->replica();
  const bool vouches = sentence.deed == Deed::confirm_down || sentence.deed == Deed::accept_loss;
  if (vouches && !replica.may_decide()) {
    const core::NodeId down = sentence.nodes.front();
    if (replica.view().members.contains(down))
      return failure(fmt::format("{} is up and in the cluster", config().node_name(down)));
    if (sentence.deed == Deed::confirm_down)
      return failure(fmt::format("{} may have changes that are not known here; add --accept-loss",
                                 config().node_name(down)));
    if (observer.answered)
      observer.answered(*via, core::ConfirmNodeDown{down}, failure("said alone", EPERM));
    server(*via).tasukid->confirm_down_alone(down);
    return {};
  }
  auto change = change_of(*via, sentence);
  if (!change) return failure(change.error());
  request(*via, *change);
  return {};
}

Result<core::Change> World::change_of(core::NodeId via, const Sentence& sentence) {
  const std::optional<core::NodeId> node =
      sentence.nodes.empty() ? std::nullopt : std::optional(sentence.nodes.front());
  switch (sentence.deed) {
    case Deed::group_start:
      return core::StartGroup{sentence.group, node};
    case Deed::group_stop:
      return core::StopGroup{sentence.group};
    case Deed::group_move:
      return core::MoveGroup{sentence.group, node};
    case Deed::group_retry:
      return core::RetryGroup{sentence.group};
    case Deed::accept_settings:
      return core::AcceptSettings{sentence.group, *node};
    case Deed::node_standby:
      return core::SetNodeStandby{*node, true};
    case Deed::node_resume:
      return core::SetNodeStandby{*node, false};
    case Deed::confirm_down:
    case Deed::accept_loss:
      return core::ConfirmNodeDown{*node};
    case Deed::lock:
      return core::SetLocked{true};
    case Deed::unlock:
      return core::SetLocked{false};
    default:
      break;
  }
  const auto config_read = around_.read_config(sentence.file);
  if (!config_read) return failure(fmt::format("there is no configuration \"{}\"", sentence.file));
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now() + server(via).clock_ahead).count();
  return core::ApplyConfig{{0, sentence.file, sentence.file, fmt::format("{} s", seconds),
                            config().node_name(via), *config_read}};
}

void World::request(core::NodeId via, const core::Change& change) {
  const auto answered = [this, via, change](const Result<uint64_t>& version) {
    if (!version)
      tell("asked " + config().node_name(via), fmt::format("refused: {}", version.error().what));
    if (observer.answered) observer.answered(via, change, version);
  };
  if (const auto* apply = std::get_if<core::ApplyConfig>(&change))
    server(via).tasukid->apply_config(apply->applied, answered);
  else
    server(via).tasukid->request(change, answered);
}

}  // namespace tasuki::simulation
