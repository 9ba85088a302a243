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

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A machine that does not end is told of after 15 s by the supervisor itself.
constexpr auto kAnswerLimit = 30s;
constexpr auto kDownPoll = 10ms;

std::string control_socket(const std::string& folder) {
  return Places{.folder = folder, .programs = {}, .cgroup = {}}.control_socket();
}

std::vector<std::string> running_labs() {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kRegistry, error)) {
    const auto folder = fs::read_symlink(entry.path(), error);
    if (error || !ask_line(control_socket(folder.string()), R"({"op":"status"})", 1s)) continue;
    folders.push_back(folder.string());
  }
  return folders;
}

}  // namespace

Result<std::string> find_lab(const std::optional<std::string>& wanted) {
  if (wanted) return fs::absolute(*wanted).lexically_normal().string();
  const auto labs = running_labs();
  if (labs.empty()) return failure("no lab runs; start one with: tasuki lab up FILE");
  if (labs.size() > 1)
    return failure(fmt::format("{} labs run; say which with --dir DIR: {}", labs.size(),
                               fmt::join(labs, ", ")));
  return labs.front();
}

Result<LabReply> ask_lab(const std::string& folder, const Json& request) {
  auto reply = ask_line(control_socket(folder), request.dump(), kAnswerLimit);
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
  const std::string path = Places{.folder = folder, .programs = {}, .cgroup = {}}.lock();
  const Fd lock(::open(path.c_str(), O_RDWR | O_CLOEXEC));
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
