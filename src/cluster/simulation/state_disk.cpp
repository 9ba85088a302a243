#include "cluster/simulation/state_disk.hpp"

namespace tasuki::simulation {
namespace {

// A disk that has to repeat itself.
constexpr Range kSlowWrite{300ms, 2s, 8s};

}  // namespace

void StateDisk::write(std::string content, const Life& writer, Act written) {
  writes_.push_back({std::move(content), writer, std::move(written)});
  begin();
}

void StateDisk::begin() {
  if (busy_ || writes_.empty() || health_ == Health::hangs) return;
  busy_ = true;
  const Time takes =
      around_.chance.take(health_ == Health::slow ? kSlowWrite : around_.pace.state_disk);
  hardware_.after(takes, under_way_, [this] {
    busy_ = false;
    const Write done = std::move(writes_.front());
    writes_.pop_front();
    content_ = done.content;
    if (done.writer.lasts()) done.written();
    begin();
  });
}

void StateDisk::set_health(Health health) {
  health_ = health;
  begin();
}

void StateDisk::lose_writes() {
  if (busy_ && around_.chance.one_in(2)) content_ = writes_.front().content;
  writes_.clear();
  busy_ = false;
  under_way_.end();
  under_way_ = Life();
}

}  // namespace tasuki::simulation
