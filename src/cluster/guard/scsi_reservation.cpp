#include "cluster/guard/scsi_reservation.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

constexpr uint64_t kMark = 0x74;  // "t", in the upper 8 bits of every key of Tasuki
constexpr unsigned kMarkShift = 56;
constexpr unsigned kNodeShift = 40;
constexpr uint32_t kNodeMax = 0xffff;
constexpr uint64_t kEpochMax = (uint64_t{1} << kNodeShift) - 1;

constexpr auto kOurType = ReservationType::write_exclusive_registrants_only;

// A nexus may have several unit attentions waiting, one answer each: a power cut, a preemption, a
// release, a changed capacity and the like.
constexpr int kUnitAttentionsMax = 8;
// Each round of take() preempts one key; a cluster has fewer nodes, and a node few epochs behind.
constexpr int kRoundsMax = 64;

// Repeats a command that a unit attention kept from being carried out (SAM-5 5.14).
template <class Command>
auto ask(const Command& command) {
  auto answer = command();
  const auto attention = [&answer] {
    return !answer && (answer.error().refusal == ScsiRefusal::unit_attention ||
                       answer.error().refusal == ScsiRefusal::preempted);
  };
  for (int repeats = 0; repeats < kUnitAttentionsMax && attention(); ++repeats) answer = command();
  return answer;
}

ScsiAnswer<void> send(ScsiPath& path, const ReserveOut& out) {
  return ask([&] { return path.reserve_out(out); });
}

struct Seen {
  std::optional<Holder> holder;
  Keys keys;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// The keys last: whoever registers later than this comes after us, with all that it does.
ScsiAnswer<Seen> look(ScsiPath& path) {
  auto holder = ask([&path] { return path.read_reservation(); });
  if (!holder) return std::unexpected(holder.error());
  auto keys = ask([&path] { return path.read_keys(); });
  if (!keys) return std::unexpected(keys.error());
  return Seen{*holder, *std::move(keys)};
}

// Through the first path that answers; a conflict is an answer. The error has every path's reason.
ScsiAnswer<Seen> look(ScsiPaths paths) {
  std::vector<std::string> reasons;
  ScsiRefusal last{};
  for (const auto& path : paths) {
    auto seen = look(*path);
    if (seen || seen.error().refusal == ScsiRefusal::conflict) return seen;
    last = seen.error().refusal;
    reasons.push_back(fmt::format("{}: {}", path->name(), seen.error().what));
  }
  return std::unexpected(ScsiFailure{last, join(reasons, "; ")});
}

// Nothing where it is not answered: the command came with SPC-3.
std::optional<Capabilities> capabilities_of(ScsiPaths paths) {
  for (const auto& path : paths)
    if (const auto capabilities = ask([&path] { return path->report_capabilities(); }))
      return *capabilities;
  return std::nullopt;
}

bool offers_aptpl(ScsiPaths paths) {
  return capabilities_of(paths).value_or(Capabilities{}).aptpl;
}

// No target tells this among its capabilities, so it is tried. No nexus is registered with the key
// 0, so whoever knows the command says that it conflicts, and nothing comes of it.
bool can_preempt_and_abort(ScsiPath& path, ReservationKey key) {
  const auto tried = send(
      path, {.action = ReserveAction::preempt_and_abort, .key = {}, .service_action_key = key});
  return tried || tried.error().refusal != ScsiRefusal::invalid_command;
}

size_t count_of(const Keys& keys, ReservationKey key) {
  return static_cast<size_t>(std::ranges::count(keys.keys, key));
}

std::vector<ReservationKey> others_in(const Keys& keys, ReservationKey own) {
  std::vector<ReservationKey> others = keys.keys;
  std::erase(others, own);
  std::ranges::sort(others);
  const auto repeated = std::ranges::unique(others);
  others.erase(repeated.begin(), repeated.end());
  return others;
}

std::string describe(const std::vector<ReservationKey>& keys) {
  std::vector<std::string> names;
  std::ranges::transform(keys, std::back_inserter(names),
                         [](ReservationKey key) { return describe(key); });
  return join(names, ", ");
}

// A nexus has to be registered to clear (SPC-4 5.12.11.6).
std::string how_to_clear(const std::string& device) {
  return fmt::format(
      "if nothing uses the disk, clear it: sg_persist --out --register-ignore --param-sark=1 {0} "
      "&& sg_persist --out --clear --param-rk=1 {0}",
      device);
}

// What Tasuki does not make is never preempted: another product owns the disk, or a person does.
Result<void> check_for_strangers(const Seen& seen, const std::string& device) {
  if (seen.holder && (!owner_of(seen.holder->key) || seen.holder->type != kOurType))
    return failure(fmt::format("{} is reserved by {} with type {}, which is not Tasuki's doing; {}",
                               device, describe(seen.holder->key),
                               std::to_underlying(seen.holder->type), how_to_clear(device)));
  const auto stranger =
      std::ranges::find_if(seen.keys.keys, [](ReservationKey key) { return !owner_of(key); });
  if (stranger == seen.keys.keys.end()) return {};
  return failure(fmt::format("{} has the key {} registered, which is not Tasuki's; {}", device,
                             describe(*stranger), how_to_clear(device)));
}

// A node that hung while it took the disk does not take it from those who went on without it.
Result<void> check_for_newer(const Seen& seen, ReservationKey key, const std::string& device) {
  const KeyOwner own = owner_of(key).value();
  for (const ReservationKey other : others_in(seen.keys, key))
    if (const auto owner = owner_of(other);
        owner && owner->node != own.node && owner->epoch > own.epoch)
      return failure(fmt::format("{} was taken by {}, and this node knows epoch {} only; {}",
                                 device, describe(other), own.epoch, how_to_clear(device)));
  return {};
}

Error unusable(const ScsiPath& path, const ScsiFailure& because) {
  if (because.refusal == ScsiRefusal::invalid_command)
    return {fmt::format("{} has no persistent reservations ({}); protect this disk otherwise",
                        path.name(), because.what)};
  if (because.refusal == ScsiRefusal::conflict)
    return {
        fmt::format("{} is reserved by another machine in the old way (RESERVE); release it there",
                    path.name())};
  return {fmt::format("{}: {}; mend the path or take it away, as all must be registered",
                      path.name(), because.what)};
}

ScsiAnswer<void> register_as(ScsiPath& path, ReservationKey key, bool aptpl) {
  return send(path, {.action = ReserveAction::enroll_ignoring_existing_key,
                     .key = {},
                     .service_action_key = key,
                     .aptpl = aptpl});
}

Result<void> register_through(ScsiPaths paths, ReservationKey key, bool aptpl) {
  for (const auto& path : paths)
    if (const auto registered = register_as(*path, key, aptpl); !registered)
      return failure(unusable(*path, registered.error()));
  return {};
}

// The last path first: the first one holds the reservation, which so lasts the longest. A conflict
// says that the path is not registered with this key, which is what is wanted.
Result<void> unregister_through(ScsiPaths paths, ReservationKey key, bool aptpl) {
  std::vector<std::string> reasons;
  for (const auto& path : std::views::reverse(paths)) {
    const auto unregistered = send(
        *path,
        {.action = ReserveAction::enroll, .key = key, .service_action_key = {}, .aptpl = aptpl});
    if (!unregistered && unregistered.error().refusal != ScsiRefusal::conflict)
      reasons.push_back(fmt::format("{}: {}", path->name(), unregistered.error().what));
  }
  if (reasons.empty()) return {};
  return failure(
      fmt::format("{}; this node stays registered there until another one takes the "
                  "disk",
                  join(reasons, "; ")));
}

// After a take() that failed. What is held is kept: it guards what this node does already.
void withdraw(ScsiPaths paths, ReservationKey key, bool aptpl) {
  const auto seen = look(paths);
  if (!seen || (seen->holder && seen->holder->key == key)) return;
  // What stays, stays: a path that fails now is the reason that is told already.
  [[maybe_unused]] const auto done = unregister_through(paths, key, aptpl);
}

// Nothing when the key's owner is alone and holds the reservation. Reserving comes first where
// there is no reservation yet; preempting the holder makes us the holder in the same command.
std::optional<ReserveOut> next_command(const Seen& seen, ReservationKey key) {
  if (!seen.holder)
    return ReserveOut{.action = ReserveAction::reserve, .key = key, .service_action_key = {}};
  ReserveOut preempt{.action = ReserveAction::preempt_and_abort,
                     .key = key,
                     .service_action_key = seen.holder->key};
  if (seen.holder->key != key) return preempt;
  const auto others = others_in(seen.keys, key);
  if (others.empty()) return std::nullopt;
  preempt.service_action_key = others.front();
  return preempt;
}

// Looks anew before every command, so that whatever others do in between is taken into account. A
// conflict only says that they did something; if nothing changed, the target says so of another
// session of its holder's initiator, as LIO does.
Result<std::vector<KeyOwner>> become_sole(ScsiPaths paths, ReservationKey key) {
  ScsiPath& path = *paths.front();
  std::vector<KeyOwner> preempted;
  std::optional<Seen> refused;
  for (int round = 0; round < kRoundsMax; ++round) {
    const auto seen = look(path);
    if (!seen) return failure(unusable(path, seen.error()));
    if (auto alone = check_for_strangers(*seen, path.name()); !alone) return failure(alone.error());
    if (auto newest = check_for_newer(*seen, key, path.name()); !newest)
      return failure(newest.error());
    const size_t registered = count_of(seen->keys, key);
    if (registered == 0)
      return failure(fmt::format("{} was taken by {} meanwhile", path.name(),
                                 seen->holder ? describe(seen->holder->key) : "another node"));
    if (registered < paths.size())
      return failure(
          fmt::format("{} shows {} registrations of this node for {} paths: another node "
                      "takes the disk at this moment, or two of the paths are one",
                      path.name(), registered, paths.size()));
    const auto command = next_command(*seen, key);
    if (!command) return preempted;
    if (refused == *seen)
      return failure(
          fmt::format("{} still is {}'s and refuses this node, which is registered; that comes of "
                      "another session (ISID) than this machine had: have another node take the "
                      "disk first",
                      path.name(), seen->holder ? describe(seen->holder->key) : "nobody"));
    const auto done = send(path, *command);
    refused = done ? std::nullopt : std::optional(*seen);
    if (!done && done.error().refusal != ScsiRefusal::conflict) {
      // If it was because we are registered no more, the next round tells by whom.
      const auto since = look(path);
      if (!since || count_of(since->keys, key) != 0) return failure(unusable(path, done.error()));
    }
    if (done && command->action == ReserveAction::preempt_and_abort)
      preempted.push_back(owner_of(command->service_action_key).value());
  }
  return failure(
      fmt::format("{} still has other nodes registered after {} rounds; see who "
                  "registers there: sg_persist --in --read-keys {}",
                  path.name(), kRoundsMax, path.name()));
}

Standing judge(const Seen& seen, ReservationKey key, size_t paths) {
  using enum Standing::Kind;
  const auto others = others_in(seen.keys, key);
  const size_t registered = count_of(seen.keys, key);
  if (seen.holder && seen.holder->key != key)
    return {lost, others, fmt::format("the disk is {}'s now", describe(seen.holder->key))};
  if (seen.holder && seen.holder->type != kOurType)
    return {lost, others,
            fmt::format("our reservation was changed to type {}",
                        std::to_underlying(seen.holder->type))};
  if (registered == 0 && !others.empty())
    return {lost, others, fmt::format("our key is gone, and registered is {}", describe(others))};
  // Whoever removed our key and left again counted up what only a power cut sets to 0.
  if (registered == 0 && seen.keys.generation != 0)
    return {lost, others, "our key was removed by somebody who is gone again"};
  if (registered == 0) return {forgotten, others, "the disk lost power and forgot who may write"};
  if (!seen.holder)
    return {forgotten, others, "our key is registered, but the reservation is gone"};
  if (registered < paths)
    return {path_missing, others, fmt::format("{} of {} paths are registered", registered, paths)};
  return {intact, others, ""};
}

Standing judge(const ScsiAnswer<Seen>& seen, ReservationKey key, size_t paths) {
  if (seen) return judge(*seen, key, paths);
  if (seen.error().refusal == ScsiRefusal::conflict)
    return {Standing::Kind::lost, {}, "another machine reserved the disk in the old way (RESERVE)"};
  return {Standing::Kind::unreadable, {}, seen.error().what};
}

// Whether it was done shows with the next look.
void reserve_through_any(ScsiPaths paths, ReservationKey key) {
  for (const auto& path : paths)
    if (send(*path, {.action = ReserveAction::reserve, .key = key, .service_action_key = {}}))
      return;
}

// Keys do not tell through which session they were registered. Neither command changes anything for
// whoever is registered: the holder may reserve again what it holds, and any other path of ours, as
// the holder's may be gone, may register the key that it has (SPC-4 5.12.9, 5.12.7). A path that
// fails tells nothing.
bool refuses(ScsiPaths paths, ReservationKey key) {
  const auto conflicts = [](const ScsiAnswer<void>& answer) {
    return !answer && answer.error().refusal == ScsiRefusal::conflict;
  };
  const bool none_holds = std::ranges::all_of(paths, [&](const auto& path) {
    return conflicts(
        send(*path, {.action = ReserveAction::reserve, .key = key, .service_action_key = {}}));
  });
  if (!none_holds) return false;
  const bool aptpl = offers_aptpl(paths);
  return std::ranges::all_of(paths, [&](const auto& path) {
    return conflicts(send(
        *path,
        {.action = ReserveAction::enroll, .key = key, .service_action_key = key, .aptpl = aptpl}));
  });
}

// What looks intact is not when the disk refuses this machine's own session. Judged again in the
// end: a conflict may also come of somebody who took the disk, and what is told has to be true
// then.
Standing check_session(ScsiPaths paths, ReservationKey key, Standing judged) {
  if (judged.kind != Standing::Kind::intact) return judged;
  const bool refused = refuses(paths, key);
  judged = judge(look(paths), key, paths.size());
  if (!refused || judged.kind != Standing::Kind::intact) return judged;
  return {Standing::Kind::lost, judged.others,
          "the disk holds our reservation for another session (ISID) than this machine has now"};
}

}  // namespace

ReservationKey key_of(core::NodeId node, uint64_t epoch) {
  TASUKI_ASSERT(node.value <= kNodeMax);
  return ReservationKey((kMark << kMarkShift) | (uint64_t{node.value} << kNodeShift) |
                        std::min(epoch, kEpochMax));
}

std::optional<KeyOwner> owner_of(ReservationKey key) {
  if (key.value >> kMarkShift != kMark) return std::nullopt;
  return KeyOwner{core::NodeId(static_cast<uint32_t>(key.value >> kNodeShift) & kNodeMax),
                  key.value & kEpochMax};
}

std::string describe(ReservationKey key) {
  const auto owner = owner_of(key);
  return owner ? fmt::format("node {} (epoch {})", owner->node, owner->epoch)
               : fmt::format("{:#x}", key.value);
}

std::optional<ReservationKey> key_of_node(ScsiPaths paths, core::NodeId node) {
  const auto seen = look(paths);
  if (!seen) return std::nullopt;
  const auto own = std::ranges::find_if(seen->keys.keys, [&](ReservationKey key) {
    const auto owner = owner_of(key);
    return owner && owner->node == node;
  });
  return own == seen->keys.keys.end() ? std::nullopt : std::optional(*own);
}

Result<std::vector<KeyOwner>> take(ScsiPaths paths, ReservationKey key) {
  TASUKI_ASSERT(!paths.empty());
  ScsiPath& first = *paths.front();
  const auto before = look(first);
  if (!before) return failure(unusable(first, before.error()));
  if (auto alone = check_for_strangers(*before, first.name()); !alone)
    return failure(alone.error());
  if (auto newest = check_for_newer(*before, key, first.name()); !newest)
    return failure(newest.error());
  const auto capabilities = capabilities_of(paths);
  if (capabilities && !capabilities->wero)
    return failure(
        fmt::format("{} cannot reserve for registrants only (type 5); protect this disk "
                    "otherwise",
                    first.name()));
  // Found out before there is anybody to preempt.
  if (!can_preempt_and_abort(first, key))
    return failure(
        fmt::format("{} cannot abort the writes of a node that loses the disk (PREEMPT AND ABORT); "
                    "protect this disk otherwise",
                    first.name()));
  const bool aptpl = capabilities && capabilities->aptpl;
  auto preempted = [&]() -> Result<std::vector<KeyOwner>> {
    if (auto registered = register_through(paths, key, aptpl); !registered)
      return failure(registered.error());
    return become_sole(paths, key);
  }();
  if (!preempted) withdraw(paths, key, aptpl);
  return preempted;
}

Standing check(ScsiPaths paths, ReservationKey key) {
  TASUKI_ASSERT(!paths.empty());
  return check_session(paths, key, judge(look(paths), key, paths.size()));
}

Standing mend(ScsiPaths paths, ReservationKey key) {
  const auto before = look(paths);
  const Standing found = judge(before, key, paths.size());
  if (found.kind != Standing::Kind::path_missing && found.kind != Standing::Kind::forgotten)
    return check_session(paths, key, found);
  const bool aptpl = offers_aptpl(paths);
  uint32_t registrations = 0;
  for (const auto& path : paths)
    if (register_as(*path, key, aptpl)) ++registrations;
  const auto after = look(paths);
  if (!after) return judge(after, key, paths.size());
  // Registering hides that somebody took the disk from us just before, and perhaps gave it back. A
  // reservation that is still ours says that nobody did; without one, only our own registrations
  // may have been counted. One whose answer was lost counts as another's, which errs on the safe
  // side.
  const bool is_ours = found.kind == Standing::Kind::path_missing
                           ? after->holder && after->holder->key == key
                           : after->keys.generation == before->keys.generation + registrations;
  if (is_ours && !after->holder) reserve_through_any(paths, key);
  Standing mended = check(paths, key);
  if (!is_ours && mended.kind != Standing::Kind::lost)
    mended = {Standing::Kind::lost, mended.others, "somebody else came while this was mended"};
  if (mended.kind == Standing::Kind::lost) withdraw(paths, key, aptpl);
  return mended;
}

Result<void> give_back(ScsiPaths paths, ReservationKey key) {
  if (auto done = unregister_through(paths, key, offers_aptpl(paths)); !done) return done;
  const auto seen = look(paths);
  if (!seen || count_of(seen->keys, key) == 0) return {};
  return failure(
      fmt::format("{} keeps {} registered through a path or a session (ISID) that is no "
                  "more, until another node takes the disk",
                  paths.front()->name(), describe(key)));
}

}  // namespace tasuki::guard
