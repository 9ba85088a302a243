#include "cluster/simulation/disk_file.hpp"

#include <utility>

namespace tasuki::simulation {
namespace {

// A disk that has to repeat itself.
constexpr Range kSlowWrite{300ms, 2s, 8s};

}  // namespace

void DiskFile::replace(std::string content, const Life& writer, Act written) {
  writes_.push_back({true, std::move(content), writer, std::move(written)});
  begin();
}

void DiskFile::append(std::string bytes, const Life& writer, Act written) {
  writes_.push_back({false, std::move(bytes), writer, std::move(written)});
  begin();
}

void DiskFile::begin() {
  if (busy_ || writes_.empty() || health_ == Health::hangs) return;
  busy_ = true;
  const Time takes =
      around_.chance.take(health_ == Health::slow ? kSlowWrite : around_.pace.state_disk);
  hardware_.after(takes, under_way_, [this] {
    busy_ = false;
    Write done = std::move(writes_.front());
    writes_.pop_front();
    if (done.replaces)
      content_ = std::move(done.bytes);
    else
      content_ += done.bytes;
    if (done.writer.lasts()) done.written();
    begin();
  });
}

void DiskFile::set_health(Health health) {
  health_ = health;
  begin();
}

void DiskFile::lose_writes() {
  if (busy_) {
    const Write& last = writes_.front();
    if (!last.replaces)
      content_ += last.bytes.substr(0, around_.chance.pick(last.bytes.size() + 1));
    else if (around_.chance.one_in(2))
      content_ = last.bytes;
  }
  writes_.clear();
  busy_ = false;
  under_way_.end();
  under_way_ = Life();
}

}  // namespace tasuki::simulation
