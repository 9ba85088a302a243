// The settings of the cluster in memory, and the disks that they are on.
#include <fmt/format.h>

#include "tests/replica/cluster.hpp"

namespace tasuki::test {

namespace {

constexpr uint64_t kBatchesPerStart = 1'000'000;

std::string id_of(const std::string& group, const std::string& name) {
  return group + "\x01" + name;
}

}  // namespace

void Cluster::open_settings(NodeId node) {
  Machine& m = machine(node);
  settings::FileState file = settings::read_file_state(m.settings_file);
  m.settings_file.resize(file.bytes);
  m.records = file.records;
  m.settings = std::make_unique<settings::Settings>(
      node, std::move(file), kBatchesPerStart * static_cast<uint64_t>(m.starts),
      [](const Group& group) { return group.registry; });
  m.replica->tell_settings([&m] { return m.settings->stands(); });
  carry_out(node, m.settings->replica_changed(*m.replica));
}

// Of what is under way some reaches the disk, and of the last some bytes perhaps.
void Cluster::close_settings(NodeId node) {
  Machine& m = machine(node);
  for (size_t done = choose_(m.keeping.size() + 1); done > 0; --done) {
    settings::Keep keep = std::move(m.keeping.front());
    m.keeping.pop_front();
    if (keep.anew) {
      m.settings_file.clear();
      m.records = 0;
    }
    for (const settings::Record& record : keep.records)
      m.settings_file += settings::encode(record, m.records++);
  }
  if (!m.keeping.empty() && !m.keeping.front().anew) {
    const std::string torn = settings::encode(m.keeping.front().records.front(), m.records);
    m.settings_file += torn.substr(0, choose_(torn.size()));
  }
  m.keeping.clear();
  m.settings.reset();
}

void Cluster::finish_keep(NodeId node) {
  Machine& m = machine(node);
  const settings::Keep keep = std::move(m.keeping.front());
  m.keeping.pop_front();
  if (keep.anew) {
    m.settings_file.clear();
    m.records = 0;
  }
  std::map<GroupName, settings::OnDisk> on_disk;
  for (const settings::Record& record : keep.records) {
    m.settings_file += settings::encode(record, m.records++);
    std::visit(
        [&](const auto& kept) {
          ++on_disk[kept.group].records;
          on_disk[kept.group].number = kept.number;
        },
        record);
  }
  carry_out(node, m.settings->stored(on_disk));
}

void Cluster::carry_out(NodeId node, settings::NodeEffects effects) {
  Machine& m = machine(node);
  for (const settings::Message& message : effects.send) {
    if (std::holds_alternative<settings::Part>(message)) ++parts_said_;
    m.outbox.push_back(settings::encode(message));
  }
  for (const HasSettings& has : effects.has) say(node, has);
  for (settings::Keep& keep : effects.keep) m.keeping.push_back(std::move(keep));
  for (const settings::Answer& answer : effects.answers)
    verdicts_.emplace(answer.request, answer.verdict);
}

uint64_t Cluster::ask(NodeId node, const std::string& group, settings::Edit edit) {
  const uint64_t request = next_request_++;
  story_.push_back(fmt::format("{} asks for setting {}", node, request));
  carry_out(node, machine(node).settings->request(request, GroupName{group}, {std::move(edit)}));
  carry_out(node, machine(node).settings->send_requests());
  return request;
}

uint64_t Cluster::put(NodeId node, const std::string& group, const std::string& name,
                      const std::string& data) {
  return ask(node, group, {settings::Edit::What::put, id_of(group, name), data});
}

uint64_t Cluster::erase(NodeId node, const std::string& group, const std::string& name) {
  return ask(node, group, {settings::Edit::What::erase, id_of(group, name)});
}

std::optional<settings::Verdict> Cluster::verdict(uint64_t request) const {
  const auto found = verdicts_.find(request);
  return found == verdicts_.end() ? std::nullopt : std::optional(found->second);
}

std::string Cluster::setting(NodeId node, const std::string& group, const std::string& name) const {
  const settings::Settings& all = *machines_.at(node).settings;
  const settings::Follower* follower = all.find(GroupName{group});
  const settings::Content& content = follower == nullptr ? all.of_node() : follower->content();
  const std::string* data = content.find(id_of(group, name));
  return data == nullptr ? "(none)" : *data;
}

}  // namespace tasuki::test
