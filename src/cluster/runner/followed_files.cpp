#include "cluster/runner/followed_files.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/runner/clock.hpp"

namespace tasuki::runner {

using core::milliseconds;
using core::Note;
using files::FileItem;
using settings::FileDeed;
using settings::MayChange;

namespace {

constexpr milliseconds kChangeLimit{30'000};
constexpr milliseconds kTryChangeAgain{1'000};
constexpr milliseconds kTryWriteAgain{5'000};
// A start or stop waits so long for files and then goes on without: to serve matters more.
constexpr milliseconds kHoldUpMax{5'000};

const char* kind_of(const std::optional<FileItem>& item) {
  if (!item) return "unknown";
  switch (item->kind) {
    case FileItem::Kind::absent:
      return "absent";
    case FileItem::Kind::regular:
      return "file";
    case FileItem::Kind::symlink:
      return "symlink";
  }
  return "unknown";
}

// Whether more than its owner and mode would be lost.
bool has_more(const FileItem& disk, const FileItem& item) {
  return disk.kind != FileItem::Kind::absent &&
         (disk.kind != item.kind || disk.content != item.content);
}

}  // namespace

FollowedFiles::FollowedFiles(FollowedFilesContext context)
    : context_(std::move(context)),
      disk_(context_.io, context_.state_folder,
            [this](const std::string& path, Result<FileItem> item) {
              seen(path, std::move(item));
              react();
            }) {}

// What this node's settings say now they said when it was here last, so what differs was changed
// while it was down.
Task<void> FollowedFiles::start(const core::Config& config) {
  remembered_ = disk_.remembered();
  const bool first_time = !remembered_;
  configure(config);
  if (first_time)
    for (auto& [path, file] : files_)
      if (const auto item = settings_of(path, file)) file.ours = {fingerprint(*item)};
  remembered_.reset();
  co_await look({}, now() + kHoldUpMax);  // behind that of configure()
  remember();
}

void FollowedFiles::configure(const core::Config& config) {
  std::map<std::string, File> files;
  std::set<std::string> paths;
  for (const core::Group& group : config.groups) {
    if (std::ranges::find(group.policy, context_.self) == group.policy.end()) continue;
    for (const std::string& path : group.files) {
      paths.insert(path);
      if (auto known = files_.extract(path); known && known.mapped().group == group.name) {
        files.insert(std::move(known));
        continue;
      }
      File& file = files[path];
      file.group = group.name;
      file.since = time_of_day();
      if (remembered_)
        if (const auto ours = remembered_->find(path); ours != remembered_->end())
          file.ours = ours->second;
      to_decide_.insert(path);
    }
  }
  files_ = std::move(files);
  disk_.follow(paths);
  disk_.look(std::move(paths), [] {});
}

void FollowedFiles::settings_changed(const settings::Edit& edit) {
  if (files_.contains(edit.id)) to_decide_.insert(edit.id);
}

void FollowedFiles::seen(const std::string& path, Result<FileItem> item) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  File& file = found->second;
  file.disk.reset();
  if (item)
    file.disk = std::move(*item);
  else if (file.problem != item.error().what)
    context_.note({Note::Level::warning, fmt::format("group {}", file.group),
                   fmt::format("{} does not follow it: {}", path, item.error().what)});
  file.problem = item ? "" : item.error().what;
  to_decide_.insert(path);
}

void FollowedFiles::react() {
  std::map<core::GroupName, MayChange> may;
  for (const auto& [path, file] : files_)
    if (!may.contains(file.group)) may[file.group] = context_.may_change(file.group);
  for (const auto& [path, file] : files_) {
    const auto before = may_.find(file.group);
    if (before == may_.end() || before->second != may.at(file.group)) to_decide_.insert(path);
  }
  may_ = std::move(may);
  if (to_decide_.empty()) return;
  std::vector<files::Put> puts;
  for (const std::string& path : std::exchange(to_decide_, {}))
    if (const auto found = files_.find(path); found != files_.end())
      decide(path, found->second, puts);
  if (!puts.empty()) put(std::move(puts));
  for (asio::steady_timer* waiting : waiting_) waiting->cancel();
}

void FollowedFiles::decide(const std::string& path, File& file, std::vector<files::Put>& puts) {
  if (file.disk && file.doing == File::Doing::nothing) {
    const auto item = settings_of(path, file);
    const bool equal = item && same(*file.disk, *item);
    if (equal) {
      file.problem.clear();
      file.ours = {fingerprint(*file.disk)};
    }
    const FileDeed deed = decide_file(*file.disk, item, file.ours, may_.at(file.group));
    file.waits = deed == FileDeed::nothing && !equal;
    switch (deed) {
      case FileDeed::nothing:
        break;
      case FileDeed::propose:
        file.doing = File::Doing::proposes;
        start_task(context_.io.get_executor(), propose(path, file.group, *file.disk));
        break;
      case FileDeed::put:
      case FileDeed::keep_aside_and_put:
        file.doing = File::Doing::writes;
        puts.push_back({path, *item, *file.disk,
                        deed == FileDeed::keep_aside_and_put && has_more(*file.disk, *item) &&
                            fingerprint(*file.disk) != file.kept});
        break;
    }
  }
  if (std::string word = state_of(file); word != file.last_word) {
    file.last_word = std::move(word);
    file.since = time_of_day();
  }
}

Task<void> FollowedFiles::propose(std::string path, core::GroupName group, FileItem item) {
  std::vector<settings::Edit> edits{
      {settings::Edit::What::put, settings::id_of_file(path), data_of(item)}};
  const auto changed = co_await context_.change(group, std::move(edits), kChangeLimit);
  const auto found = files_.find(path);
  if (found == files_.end() || found->second.group != group) co_return;
  File& file = found->second;
  file.doing = File::Doing::nothing;
  if (changed) {
    file.problem.clear();
    file.ours = {fingerprint(item)};
    remember();
  } else if (context_.may_change(group) == MayChange::yes) {
    file.problem = changed.error().code == ETIMEDOUT
                       ? "not every server of the group has its newest state on its disk yet"
                       : changed.error().what;
    try_again(path, kTryChangeAgain);
    co_return;
  }
  to_decide_.insert(path);
  react();
}

// That the new one is ours is remembered before it is there.
void FollowedFiles::put(std::vector<files::Put> puts) {
  for (const files::Put& put : puts) {
    File& file = files_.at(put.path);
    putting_[put.path] = {put, file.ours};
    file.ours.push_back(fingerprint(put.item));
  }
  remember();
  disk_.put(std::move(puts), [this](const std::vector<files::Done>& all) {
    for (const files::Done& done : all) was_put(done);
    remember();
    react();
  });
}

void FollowedFiles::was_put(const files::Done& done) {
  const auto extracted = putting_.extract(done.path);
  const auto found = files_.find(done.path);
  if (found == files_.end() || extracted.empty()) return;
  const Putting& putting = extracted.mapped();
  File& file = found->second;
  file.doing = File::Doing::nothing;
  tell_put_right(putting, file, done);
  file.disk.reset();
  if (done.now) file.disk = *done.now;
  if (done.done) {
    file.problem.clear();
    // As it is seen here: an account that has no name elsewhere may have one here.
    if (done.now && same(*done.now, putting.put.item)) file.ours = {fingerprint(*done.now)};
    to_decide_.insert(done.path);
    return;
  }
  file.ours = putting.ours;
  if (done.done.error().code == EAGAIN) {
    to_decide_.insert(done.path);
    return;
  }
  if (file.problem != done.done.error().what)
    context_.note(
        {Note::Level::warning, fmt::format("group {}", file.group),
         fmt::format("{} cannot be written here: {}", done.path, done.done.error().what)});
  file.problem = done.done.error().what;
  try_again(done.path, kTryWriteAgain);
}

// What somebody did to a file where it counts for nothing is not undone without a word.
void FollowedFiles::tell_put_right(const Putting& putting, File& file, const files::Done& done) {
  const std::string before = fingerprint(putting.put.expected);
  const bool begins = putting.ours.empty();
  const bool deleted = putting.put.expected.kind == FileItem::Kind::absent;
  if (std::ranges::find(putting.ours, before) != putting.ours.end() || (begins && deleted)) return;
  if (done.aside.empty() && (!done.done || before == file.kept)) return;
  if (!done.aside.empty()) file.kept = before;
  const std::string active = context_.active_on(file.group);
  context_.note(
      {Note::Level::warning, fmt::format("group {}", file.group),
       fmt::format("{} {}{}{}{}", putting.put.path,
                   begins    ? "was another one here when it began to follow"
                   : deleted ? "was deleted here"
                             : "was changed here",
                   active.empty() ? "" : fmt::format(", and the group is active on {}", active),
                   done.done ? "; it is put right" : "",
                   done.aside.empty() ? "" : "; what was here is kept as " + done.aside)});
}

void FollowedFiles::try_again(const std::string& path, milliseconds after) {
  start_task(context_.io.get_executor(),
             [](FollowedFiles& self, std::string path, milliseconds after) -> Task<void> {
               co_await wait_for(after);
               self.to_decide_.insert(path);
               self.react();
             }(*this, path, after));
}

void FollowedFiles::remember() {
  files::Ours ours;
  for (const auto& [path, file] : files_) ours[path] = file.ours;
  disk_.remember(std::move(ours));
}

Task<void> FollowedFiles::put_in_place(core::GroupName group) {
  react();
  const auto in_place = [this, group] { return !any(group, File::Doing::writes); };
  if (in_place()) {
    not_waited_for_.erase(group);
    co_return;
  }
  // Once for all steps of a start.
  if (not_waited_for_.contains(group)) co_return;
  if (co_await wait_until(in_place, now() + kHoldUpMax)) co_return;
  not_waited_for_.insert(group);
  context_.note({Note::Level::warning, fmt::format("group {}", group),
                 "it starts before all files that follow it are written here"});
}

Task<void> FollowedFiles::take_along(core::GroupName group) {
  const auto paths = paths_of(group);
  if (paths.empty() || context_.may_change(group) != MayChange::yes) co_return;
  const auto limit = now() + kHoldUpMax;
  const bool looked = co_await look(paths, limit);
  const auto said = [this, group] { return !any(group, File::Doing::proposes); };
  if (!looked || !co_await wait_until(said, limit))
    context_.note({Note::Level::error, fmt::format("group {}", group),
                   "what was changed last of the files that follow it had not reached every other "
                   "server when it went down; they may have what was before"});
}

Task<bool> FollowedFiles::look(std::set<std::string> paths, Moment limit) {
  const auto looked = std::make_shared<bool>(false);
  disk_.look(std::move(paths), [this, looked] {
    *looked = true;
    for (asio::steady_timer* waiting : waiting_) waiting->cancel();
  });
  co_return co_await wait_until([looked] { return *looked; }, limit);
}

Task<bool> FollowedFiles::wait_until(std::function<bool()> done, Moment limit) {
  asio::steady_timer timer(context_.io);
  waiting_.insert(&timer);
  while (!done() && now() < limit) {
    timer.expires_at(limit);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  waiting_.erase(&timer);
  co_return done();
}

std::optional<FileItem> FollowedFiles::settings_of(const std::string& path,
                                                   const File& file) const {
  const settings::Follower* follower = context_.settings().find(file.group);
  const std::string* data =
      follower == nullptr ? nullptr : follower->content().find(settings::id_of_file(path));
  return data == nullptr ? std::nullopt : settings::file_item_of(*data);
}

std::set<std::string> FollowedFiles::paths_of(const core::GroupName& group) const {
  std::set<std::string> paths;
  for (const auto& [path, file] : files_)
    if (file.group == group) paths.insert(path);
  return paths;
}

bool FollowedFiles::any(const core::GroupName& group, File::Doing doing) const {
  return std::ranges::any_of(files_, [&](const auto& entry) {
    return entry.second.group == group && entry.second.doing == doing;
  });
}

std::string FollowedFiles::state_of(const File& file) {
  if (!file.problem.empty()) return "problem";
  if (file.doing == File::Doing::proposes) return "changed";
  if (file.doing == File::Doing::writes) return "outdated";
  return file.waits || !file.disk ? "waiting" : "current";
}

Json FollowedFiles::list(const std::optional<core::GroupName>& group) const {
  Json list = Json::array();
  for (const auto& [path, file] : files_)
    if (!group || file.group == *group)
      list.push_back({{"path", path},
                      {"group", file.group.value},
                      {"kind", kind_of(file.disk)},
                      {"state", state_of(file)},
                      {"since", file.since},
                      {"problem", file.problem}});
  return list;
}

std::vector<std::string> FollowedFiles::problems(
    const std::optional<core::GroupName>& group) const {
  std::vector<std::string> problems;
  for (const auto& [path, file] : files_)
    if (!file.problem.empty() && (!group || file.group == *group))
      problems.push_back(fmt::format("{}, which follows group {}, is not in step here: {}", path,
                                     file.group, file.problem));
  return problems;
}

}  // namespace tasuki::runner
