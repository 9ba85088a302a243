#include "cluster/lab/running.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cluster/lab/guardian.hpp"
#include "cluster/lab/line_client.hpp"
#include "cluster/lab/places.hpp"
#include "cluster/lab/sweep.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A machine that does not end is told of after 15 s by the supervisor itself.
constexpr auto kAnswerLimit = 30s;
constexpr auto kDownPoll = 10ms;

Places places_in(const std::string& folder) {
  return {.folder = folder, .programs = {}, .cgroup = {}, .given = {}};
}

std::string absolute(const std::string& folder) {
  return fs::absolute(folder).lexically_normal().string();
}

// Of labs that run, or were killed.
std::vector<std::string> registered_folders() {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kRegistry, error)) {
    const auto folder = fs::read_symlink(entry.path(), error);
    if (!error) folders.push_back(folder.string());
  }
  return folders;
}

std::vector<std::string> running_labs() {
  auto folders = registered_folders();
  std::erase_if(folders, [](const std::string& folder) {
    return !ask_line(places_in(folder).control_socket(), R"({"op":"status"})", 1s);
  });
  return folders;
}

// True when there was something: a record, and nobody who holds the lock.
Result<bool> sweep_if_killed(const std::string& folder) {
  const Places places = places_in(folder);
  const Fd lock(::open(places.lock().c_str(), O_RDWR | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || !fs::exists(places.record()))
    return false;
  if (auto swept = sweep_lab(folder); !swept) return failure(swept.error());
  return true;
}

}  // namespace

Result<std::string> find_lab(const std::optional<std::string>& wanted) {
  if (wanted) return absolute(*wanted);
  const auto labs = running_labs();
  if (labs.empty()) return failure("no lab runs; start one with: tasuki lab up FILE");
  if (labs.size() > 1)
    return failure(fmt::format("{} labs run; say which with --dir DIR: {}", labs.size(),
                               fmt::join(labs, ", ")));
  return labs.front();
}

Result<std::vector<std::string>> sweep_killed_labs(const std::optional<std::string>& wanted) {
  std::vector<std::string> swept;
  for (const auto& folder :
       wanted ? std::vector<std::string>{absolute(*wanted)} : registered_folders()) {
    const auto done = sweep_if_killed(folder);
    if (!done) return failure(done.error());
    if (*done) swept.push_back(folder);
  }
  return swept;
}

Result<LabReply> ask_lab(const std::string& folder, const Json& request) {
  auto reply = ask_line(places_in(folder).control_socket(), request.dump(), kAnswerLimit);
  if (!reply) {
    if (reply.error().code == ENOENT || reply.error().code == ECONNREFUSED)
      return failure("no lab runs in " + folder);
    return failure(reply.error());
  }
  Json json = Json::parse(reply->line, nullptr, false);
  if (!json.is_object()) return failure("the lab's answer is not understood: " + reply->line);
  if (!json.value("ok", false)) return failure(json.value("error", "the lab refused"));
  return LabReply{std::move(json), std::move(reply->attached)};
}

Result<void> wait_until_down(const std::string& folder, std::chrono::milliseconds limit) {
  const std::string path = places_in(folder).lock();
  const Fd lock(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!lock && errno == ENOENT) return {};  // none was ever there
  if (!lock) return errno_failure("open " + path);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > deadline)
      return failure("the lab in " + folder + " does not end");
    std::this_thread::sleep_for(kDownPoll);
  }
  return {};
}

}  // namespace tasuki::lab
