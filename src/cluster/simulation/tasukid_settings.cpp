// The part of the simulated tasukid that keeps the settings that follow groups, as
// runner/node_settings and runner/settings_file do.
#include "cluster/settings/places.hpp"
#include "cluster/simulation/tasukid.hpp"

namespace tasuki::simulation {
namespace {

// Less than a real one waits for, so that files are written anew within an hour.
constexpr size_t kGrownBytes = 2048;
constexpr size_t kTimesWhatIsThere = 2;
constexpr Time kAnswerWithin{30s};

}  // namespace

void Tasukid::open_settings() {
  const std::string& file = context_.settings_file.content();
  settings::FileState state;
  if (!file.empty())
    state = settings::read_file_state(file);
  else if (!replica_->state().durable.has_settings.empty())
    state.soundness = core::SettingsStand::Soundness::damaged;
  const bool there_is_none = file.empty();
  context_.settings_file.cut_to(state.bytes);
  settings_records_ = state.records;
  settings_bytes_ = state.bytes;
  settings_ =
      std::make_unique<settings::Settings>(self(), std::move(state), boot_, settings::places_of);
  replica_->tell_settings([this] { return settings_->stands(); });
  carry_out(settings_->replica_changed(*replica_));
  if (there_is_none) carry_out(settings_->write_anew());
}

void Tasukid::carry_out(settings::NodeEffects effects) {
  for (const settings::Message& message : effects.send)
    context_.corosync.send(self(), settings::encode(message));
  for (const core::HasSettings& has : effects.has) say(has);
  for (const settings::Keep& kept : effects.keep) keep(kept);
  for (const settings::Answer& answer : effects.answers)
    if (auto waiting = settings_waiting_.extract(answer.request)) waiting.mapped()(answer.verdict);
  if (settings_bytes_ >= kGrownBytes && settings_bytes_ >= kTimesWhatIsThere * settings_->bytes())
    carry_out(settings_->write_anew());
}

void Tasukid::keep(const settings::Keep& keep) {
  if (keep.anew) settings_records_ = settings_bytes_ = 0;
  std::string bytes;
  std::map<core::GroupName, settings::OnDisk> on_disk;
  for (const settings::Record& record : keep.records) {
    bytes += settings::encode(record, settings_records_++);
    std::visit(
        [&](const auto& kept) {
          ++on_disk[kept.group].records;
          on_disk[kept.group].number = kept.number;
        },
        record);
  }
  settings_bytes_ += bytes.size();
  const Act stored = [this, on_disk = std::move(on_disk)] {
    carry_out(settings_->stored(on_disk));
  };
  const auto& hurry = context_.around.hooks.store_settings_at_once;
  const bool at_once = hurry && hurry();
  const Act written = at_once ? Act([] {}) : stored;
  if (keep.anew)
    context_.settings_file.replace(std::move(bytes), life_, written);
  else
    context_.settings_file.append(std::move(bytes), life_, written);
  if (at_once) context_.hardware.after(Time{}, life_, stored);
}

void Tasukid::heard_setting(const membership::Message& said) {
  const auto message = settings::decode(said.content).value();
  remember(said.content);
  const auto& lose = context_.around.hooks.hear_setting;
  if (lose && !lose(self(), message)) return;
  carry_out(settings_->delivered(said.from, message));
  context_.changed();
}

void Tasukid::change_setting(const core::GroupName& group, settings::Edit edit,
                             SettingAnswered answered) {
  const uint64_t id = next_request_++;
  settings_waiting_[id] = std::move(answered);
  carry_out(settings_->request(id, group, {std::move(edit)}));
  context_.hardware.after(Time{}, life_, [this] { carry_out(settings_->send_requests()); });
  context_.hardware.after(kAnswerWithin, life_, [this, id] {
    auto waiting = settings_waiting_.extract(id);
    if (!waiting) return;
    settings_->forget(id);
    waiting.mapped()(settings::Verdict::unknown);
  });
}

}  // namespace tasuki::simulation
