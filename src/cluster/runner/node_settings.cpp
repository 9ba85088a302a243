// The part of the node that keeps the settings that follow groups.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cluster/runner/node.hpp"
#include "cluster/settings/places.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {

using core::Note;

// A change of settings whose outcome somebody waits for.
struct Node::SettingsRequest {
  explicit SettingsRequest(asio::io_context& io) : done(io) {}
  asio::steady_timer done;  // cancelled when the verdict is there
  std::optional<settings::Verdict> verdict;
};

namespace {

// A file that is mostly of the past is written anew, but not for every few lines of it.
constexpr size_t kGrownBytes = size_t{4} * 1024 * 1024;
constexpr size_t kTimesWhatIsThere = 2;

}  // namespace

Result<void> Node::open_settings() {
  auto file = settings_file_.open();
  if (!file) return failure(file.error());
  const bool had_some = !replica_.state().durable.has_settings.empty();
  settings::FileState state;
  if (*file)
    state = std::move(**file);
  else if (had_some)
    state.soundness = core::SettingsStand::Soundness::damaged;
  if (state.soundness == core::SettingsStand::Soundness::damaged)
    note(Note::Level::error, "node " + name(),
         *file ? fmt::format("the file of its settings is damaged; what follows groups is fetched "
                             "from other servers. The file is kept as {}/settings.damaged",
                             paths_.state_folder)
               : "the file of its settings is gone; what follows groups is fetched from other "
                 "servers");
  if (state.soundness == core::SettingsStand::Soundness::torn)
    note(Note::Level::warning, "node " + name(),
         "the last change of its settings was not finished; it is compared with other servers");
  // No earlier run of this node can have used as many in the time since.
  const auto started = std::chrono::system_clock::now().time_since_epoch();
  settings_ = settings::Settings(
      self_, std::move(state),
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(started).count()),
      settings::places_of);
  replica_.tell_settings([this] { return settings_.stands(); });
  carry_out(settings_.replica_changed(replica_));
  if (!*file) carry_out(settings_.write_anew());
  return {};
}

void Node::carry_out(settings::NodeEffects effects) {
  if (engine_)
    for (const settings::Message& message : effects.send) engine_->send(settings::encode(message));
  for (const core::HasSettings& has : effects.has) say(has);
  for (settings::Keep& keep : effects.keep) settings_file_.keep(std::move(keep));
  for (const auto& [group, edits] : effects.made)
    for (const settings::Edit& edit : edits) {
      files_.settings_changed(edit);
      for (const SettingsWatch& watch : settings_watches_) watch(group, edit);
    }
  for (const settings::Answer& answer : effects.answers)
    if (auto request = settings_requests_.extract(answer.request)) {
      request.mapped()->verdict = answer.verdict;
      request.mapped()->done.cancel();
    }
  if (!effects.made.empty()) files_.react();
  const size_t bytes = settings_file_.bytes();
  if (bytes < kGrownBytes || bytes < kTimesWhatIsThere * settings_.bytes())
    writing_settings_anew_ = false;
  else if (!std::exchange(writing_settings_anew_, true))
    carry_out(settings_.write_anew());
}

Task<Result<void>> Node::change_settings(core::GroupName group, std::vector<settings::Edit> edits,
                                         core::milliseconds limit) {
  const uint64_t id = next_settings_request_++;
  auto request = std::make_shared<SettingsRequest>(io_);
  request->done.expires_after(limit);
  settings_requests_[id] = request;
  carry_out(settings_.request(id, group, std::move(edits)));
  // Whatever else has been read by now goes with it.
  if (!std::exchange(sending_settings_, true))
    asio::post(io_, [this] {
      sending_settings_ = false;
      carry_out(settings_.send_requests());
    });
  if (!request->verdict) {
    boost::system::error_code ignored;
    co_await request->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  settings_requests_.erase(id);
  if (!request->verdict) settings_.forget(id);
  const auto verdict = request->verdict.value_or(settings::Verdict::unknown);
  if (verdict == settings::Verdict::made) co_return Result<void>{};
  co_return failure(settings_refusal(group, verdict));
}

Task<Result<void>> Node::settle_settings(core::GroupName group, core::milliseconds limit) {
  return change_settings(std::move(group), {}, limit);
}

settings::MayChange Node::may_change(const core::GroupName& group) const {
  const settings::Follower* follower = settings_.find(group);
  if (follower == nullptr || !replica_.may_decide() || !follower->has_all())
    return settings::MayChange::not_now;
  const auto state = replica_.state().groups.find(group);
  const bool elsewhere = state != replica_.state().groups.end() && state->second.holder &&
                         state->second.holder != self_;
  return elsewhere ? settings::MayChange::no : settings::MayChange::yes;
}

Result<void> Node::check_settings_here(const core::GroupName& group) const {
  if (group == settings::kOfNode) return {};
  const core::Group* configured = config().find_group(group);
  if (configured == nullptr)
    return failure(fmt::format("there is no group {} any more", group), ENOENT);
  const auto state = replica_.state().groups.find(group);
  const bool held = state != replica_.state().groups.end() && state->second.holder;
  if (held && state->second.holder != self_)
    return failure(fmt::format("this follows group {}, which is active on {}; say it there", group,
                               config().node_name(*state->second.holder)),
                   EBUSY);
  if (std::ranges::find(configured->policy, self_) == configured->policy.end())
    return failure(fmt::format("this follows group {}, which {} does not run; say it on {}", group,
                               name(), config().node_name(configured->policy.front())),
                   EBUSY);
  return {};
}

Error Node::settings_refusal(const core::GroupName& group, settings::Verdict verdict) const {
  if (const auto here = check_settings_here(group);
      !here && verdict == settings::Verdict::elsewhere)
    return here.error();
  const std::string obstacle = replica_.obstacle();
  return {
      fmt::format("not every server of group {} has it on its disk in time{}; it may be made or "
                  "not: look with tasuki registry get",
                  group, obstacle.empty() ? "" : " (" + obstacle + ")"),
      ETIMEDOUT};
}

std::shared_ptr<void> Node::watch_settings(SettingsWatch watch) {
  settings_watches_.push_back(std::move(watch));
  const auto place = std::prev(settings_watches_.end());
  return {nullptr, [this, place](void*) { settings_watches_.erase(place); }};
}

}  // namespace tasuki::runner
