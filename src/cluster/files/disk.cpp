#include "cluster/files/disk.hpp"

#include <algorithm>
#include <chrono>
#include <sys/stat.h>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/log.hpp"

namespace tasuki::files {
namespace {

using std::chrono::milliseconds;

// Whoever writes a file in place does so with several calls; it is read once they have ended, or
// when they never do.
constexpr milliseconds kCalm{20};
constexpr milliseconds kCalmMax{500};
// inotify is not told of everything: writes through mmap(2), other names of the file, a folder far
// above it that is another one now.
constexpr milliseconds kRound{30'000};

// Changes whenever the file does, as far as stat(2) tells.
std::string mark_of(const std::string& path) {
  struct stat now{};
  if (::lstat(path.c_str(), &now) != 0) return "";
  return fmt::format("{}:{}:{}:{}.{}:{}.{}", now.st_dev, now.st_ino, now.st_size,
                     now.st_mtim.tv_sec, now.st_mtim.tv_nsec, now.st_ctim.tv_sec,
                     now.st_ctim.tv_nsec);
}

}  // namespace

Disk::Disk(asio::io_context& io, const std::string& folder, Seen seen)
    : io_(io),
      ours_path_(folder + "/files.json"),
      aside_folder_(folder + "/aside"),
      seen_(std::move(seen)),
      watch_(own_, [this](const std::string& path) { changed(path); }),
      calm_(own_),
      round_(own_),
      thread_([this] { own_.run(); }) {
  asio::post(own_, [this] { look_at_all(); });
}

Disk::~Disk() {
  own_.stop();
  thread_.join();
}

std::optional<Ours> Disk::remembered() const {
  const auto text = read_file(ours_path_);
  if (!text) return std::nullopt;
  const Json json = Json::parse(*text, nullptr, false);
  try {
    return json.at("ours").get<Ours>();
  } catch (const Json::exception& error) {
    log::error("{} is damaged: {}", ours_path_, error.what());
    return std::nullopt;
  }
}

void Disk::remember(Ours ours) {
  asio::post(own_, [this, ours = std::move(ours)]() mutable {
    if (ours == remembered_) return;
    remembered_ = std::move(ours);
    const Json json{{"ours", remembered_}};
    if (auto done = replace_file_durably(ours_path_, json.dump(1) + "\n"); !done)
      log::error("{}", done.error().what);
  });
}

void Disk::follow(std::set<std::string> paths) {
  asio::post(own_, [this, paths = std::move(paths)]() mutable {
    paths_ = std::move(paths);
    std::erase_if(marks_, [this](const auto& mark) { return !paths_.contains(mark.first); });
    std::erase_if(changed_, [this](const std::string& path) { return !paths_.contains(path); });
    watch_.follow(paths_);
  });
}

void Disk::look(std::set<std::string> paths, std::function<void()> then) {
  asio::post(own_, [this, paths = std::move(paths), then = std::move(then)]() mutable {
    for (const std::string& path : paths)
      if (paths_.contains(path)) read(path);
    asio::post(io_, std::move(then));
  });
}

void Disk::put(std::vector<Put> puts, std::function<void(std::vector<Done>)> then) {
  asio::post(own_, [this, puts = std::move(puts), then = std::move(then)]() mutable {
    std::vector<Done> all;
    all.reserve(puts.size());
    for (const Put& put : puts) all.push_back(put_one(put));
    asio::post(io_,
               [then = std::move(then), all = std::move(all)]() mutable { then(std::move(all)); });
  });
}

Done Disk::put_one(const Put& put) {
  Done done{put.path, {}};
  if (put.keep_aside) {
    auto kept = keep_aside(aside_folder_, put.path, put.expected);
    if (kept)
      done.aside = *kept;
    else
      done.done = failure(kept.error().during("what is there cannot be kept aside"));
  }
  if (done.done) done.done = write_item(put.path, put.item, put.expected);
  // It may have been made in a folder that was not there before.
  watch_.arm();
  marks_[put.path] = mark_of(put.path);
  done.now = read_item(put.path);
  return done;
}

void Disk::changed(const std::string& path) {
  const auto now = std::chrono::steady_clock::now();
  if (changed_.empty()) first_change_ = now;
  changed_.insert(path);
  calm_.expires_at(std::min(now + kCalm, first_change_ + kCalmMax));
  calm_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) look_at_changed();
  });
}

void Disk::look_at_changed() {
  for (const std::string& path : std::exchange(changed_, {})) read(path);
}

void Disk::look_at_all() {
  watch_.arm();
  for (const std::string& path : paths_)
    if (mark_of(path) != marks_[path]) read(path);
  round_.expires_after(kRound);
  round_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) look_at_all();
  });
}

void Disk::read(const std::string& path) {
  marks_[path] = mark_of(path);
  auto item = read_item(path);
  if (!item && item.error().code == EAGAIN) return changed(path);
  asio::post(io_, [this, path, item = std::move(item)]() mutable { seen_(path, std::move(item)); });
}

}  // namespace tasuki::files
