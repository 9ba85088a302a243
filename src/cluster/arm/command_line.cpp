#include "cluster/arm/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::arm {
namespace {

using Words = std::span<const std::string>;

constexpr int kSecondsMax = 24 * 3600;

constexpr const char* kLoadUsage =
    "ARMLOAD ID /S [/A] [/M | /R RETRIES [/H HOURS] [/SCR] [/WAIT SECONDS] [/INT SECONDS]] "
    "SERVICE\n"
    "       ARMLOAD ID [/U USER] [/W] [/M | /R ...] PROGRAM [ARGUMENT]...";

Error usage(const std::string& problem, const std::string& form) {
  return {fmt::format("{}\nUsage: {}", problem, form), EINVAL};
}

// Takes words from the front of a command line.
class Reader {
 public:
  Reader(Words words, std::string form) : words_(words), form_(std::move(form)) {}

  [[nodiscard]] bool empty() const { return words_.empty(); }
  [[nodiscard]] const std::string& front() const { return words_.front(); }
  [[nodiscard]] Words rest() const { return words_; }
  std::string take() {
    std::string word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }
  bool take_if(const char* option) {
    if (empty() || !same_but_case(front(), option)) return false;
    take();
    return true;
  }
  Result<std::string> take_value(const std::string& of) {
    if (empty()) return failure(wrong(of + " is missing"));
    return take();
  }
  Result<int> take_number(const std::string& of, int lowest, int highest) {
    const auto word = take_value("the number behind " + of);
    if (!word) return failure(word.error());
    int number = 0;
    const char* const end = word->data() + word->size();
    const auto [stop, problem] = std::from_chars(word->data(), end, number);
    if (problem != std::errc{} || stop != end || number < lowest || number > highest)
      return failure(wrong(
          fmt::format("{} takes a number from {} to {}, not \"{}\"", of, lowest, highest, *word)));
    return number;
  }
  [[nodiscard]] Error wrong(const std::string& problem) const { return usage(problem, form_); }
  [[nodiscard]] Error unexpected() const { return wrong("not expected: " + front()); }

 private:
  Words words_;
  std::string form_;
};

// "/X" is an option, "/usr/bin/x" a program's path.
bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word.front() == '/' && word.find('/', 1) == std::string::npos;
}

// --- ARMLOAD ------------------------------------------------------------------------------------

Result<void> take_mode_option(Reader& reader, Load& load) {
  const auto number = [&](const char* of, int lowest, int highest, int& into) -> Result<void> {
    const auto taken = reader.take_number(of, lowest, highest);
    if (!taken) return failure(taken.error());
    into = *taken;
    return {};
  };
  if (reader.take_if("/M")) {
    // Beside /R it says what follows the last restart anyway.
    if (load.on_end == OnEnd::nothing) load.on_end = OnEnd::fail_over;
    return {};
  }
  if (reader.take_if("/R")) {
    load.on_end = OnEnd::restart;
    return number("/R", 1, 9, load.restarts);
  }
  if (reader.take_if("/H")) return number("/H", 1, 24, load.reset_after_h);
  if (reader.take_if("/WAIT")) return number("/WAIT", 0, kSecondsMax, load.wait_s);
  if (reader.take_if("/INT")) return number("/INT", 0, kSecondsMax, load.interval_s);
  if (reader.take_if("/SCR")) {
    load.through_scripts = true;
    return {};
  }
  return failure(reader.unexpected());
}

Result<void> check_load(const Load& load, bool service, const Reader& reader) {
  const bool restart_options =
      load.reset_after_h > 0 || load.through_scripts || load.wait_s > 0 || load.interval_s > 0;
  if (restart_options && load.on_end != OnEnd::restart)
    return failure(reader.wrong("/H, /SCR, /WAIT and /INT belong to /R"));
  if (load.take_running && !service) return failure(reader.wrong("/A belongs to /S"));
  if (service && (load.wait_for_end || !load.user.empty()))
    return failure(reader.wrong("/U and /W are for programs, not for a service"));
  if (load.wait_for_end && load.on_end != OnEnd::nothing)
    return failure(reader.wrong("/W waits for a program that ends, so /M and /R make no sense"));
  return {};
}

Result<Command> parse_load(Reader reader) {
  Load load;
  auto id = reader.take_value("the id of the watch");
  if (!id) return failure(id.error());
  load.id = std::move(*id);
  bool service = false;
  while (!reader.empty() && looks_like_option(reader.front())) {
    if (reader.take_if("/S")) {
      service = true;
    } else if (reader.take_if("/A")) {
      load.take_running = true;
    } else if (reader.take_if("/W")) {
      load.wait_for_end = true;
    } else if (reader.take_if("/U")) {
      auto user = reader.take_value("the user behind /U");
      if (!user) return failure(user.error());
      load.user = std::move(*user);
    } else if (auto taken = take_mode_option(reader, load); !taken) {
      return failure(taken.error());
    }
  }
  if (auto sound = check_load(load, service, reader); !sound) return failure(sound.error());
  if (reader.empty())
    return failure(reader.wrong(service ? "the service is missing" : "the program is missing"));
  if (!service) {
    load.command.assign(reader.rest().begin(), reader.rest().end());
    return load;
  }
  load.service = reader.take();
  if (!reader.empty()) return failure(reader.unexpected());
  return load;
}

// --- The others ---------------------------------------------------------------------------------

template <class Wanted>
Result<Command> parse_id(Reader reader) {
  auto id = reader.take_value("the id of the watch");
  if (!id) return failure(id.error());
  if (!reader.empty()) return failure(reader.unexpected());
  return Wanted{std::move(*id)};
}

// "CONTINUE", or as much of it as tells it from the other.
bool begins(const std::string& word, std::string_view whole) {
  constexpr size_t kEnough = 3;
  return word.size() >= kEnough && word.size() <= whole.size() &&
         same_but_case(word, whole.substr(0, word.size()));
}

Result<Command> parse_loadc(Reader reader) {
  auto id = reader.take_value("the id of the watch");
  if (!id) return failure(id.error());
  if (!reader.take_if("/W")) return failure(reader.wrong("/W is missing"));
  const auto word = reader.take_value("PAUSE or CONTINUE");
  if (!word) return failure(word.error());
  std::optional<std::chrono::milliseconds> limit;
  const bool pause = begins(*word, "PAUSE");
  if (pause && reader.take_if("/LIMIT")) {
    const auto text = reader.take_value("the time behind /LIMIT");
    if (!text) return failure(text.error());
    const auto time = parse_duration(*text);
    if (!time) return failure(reader.wrong(time.error().what));
    limit = *time;
  }
  if (!reader.empty()) return failure(reader.unexpected());
  if (pause) return Pause{*id, limit};
  if (begins(*word, "CONTINUE")) return Continue{*id};
  return failure(reader.wrong(fmt::format("/W takes PAUSE or CONTINUE, not \"{}\"", *word)));
}

Result<Command> parse_broadcast(Reader reader) {
  Broadcast broadcast;
  bool given = false;
  while (!reader.empty()) {
    if (reader.take_if("/A")) {
      broadcast.everywhere = true;
    } else if (reader.take_if("/MSG")) {
      auto text = reader.take_value("the text behind /MSG");
      if (!text) return failure(text.error());
      broadcast.text = std::move(*text);
      given = true;
    } else {
      return failure(reader.unexpected());
    }
  }
  if (!given) return failure(reader.wrong("/MSG is missing"));
  return broadcast;
}

Result<Command> parse_log(Reader reader) {
  auto text = reader.take_value("the text");
  if (!text) return failure(text.error());
  reader.take_if("/ARM");
  if (!reader.empty()) return failure(reader.unexpected());
  return Log{std::move(*text)};
}

Result<Command> parse_sleep(Reader reader) {
  const auto seconds = reader.take_number("ARMSLEEP", 0, kSecondsMax);
  if (!seconds) return failure(seconds.error());
  if (!reader.empty()) return failure(reader.unexpected());
  return Sleep{std::chrono::seconds(*seconds)};
}

Result<Command> parse_delay(Reader reader) {
  while (!reader.empty()) reader.take();
  return Delay{};
}

// A name of several words may stand without quotes, as net takes it.
Result<Command> parse_net(Reader reader) {
  const bool start = reader.take_if("START");
  if (!start && !reader.take_if("STOP"))
    return failure(reader.wrong("net knows start and stop here"));
  std::vector<std::string> words(reader.rest().begin(), reader.rest().end());
  std::erase_if(words, [](const std::string& word) {
    return same_but_case(word, "/Y") || same_but_case(word, "/N");
  });
  const std::string service = join(words, " ");
  if (service.starts_with('/')) return failure(reader.wrong("not expected: " + service));
  if (start && service.empty()) return NetList{};
  if (service.empty()) return failure(reader.wrong("the service is missing"));
  if (start) return NetStart{service};
  return NetStop{service};
}

struct Known {
  const char* name;
  const char* form;
  Result<Command> (*parse)(Reader);
};

constexpr const char* kBroadcastForm = "ARMBCAST /MSG TEXT [/A]";
constexpr const char* kNetForm = "net start [SERVICE]\n       net stop SERVICE";

const std::vector<Known>& known_commands() {
  static const std::vector<Known> kKnown{
      {"ARMLOAD", kLoadUsage, parse_load},
      {"ARMKILL", "ARMKILL ID", parse_id<Kill>},
      {"ARMLOADC", "ARMLOADC ID /W PAUSE [/LIMIT TIME] | /W CONTINUE", parse_loadc},
      {"ARMGETCD", "ARMGETCD ID", parse_id<GetExitCode>},
      {"ARMBCAST", kBroadcastForm, parse_broadcast},
      {"ARMBROADCAST", kBroadcastForm, parse_broadcast},
      {"ARMLOG", "ARMLOG TEXT [/ARM]", parse_log},
      {"ARMSLEEP", "ARMSLEEP SECONDS", parse_sleep},
      {"ARMDELAY", "ARMDELAY [ANYTHING]...", parse_delay},
      {"NET", kNetForm, parse_net},
  };
  return kKnown;
}

}  // namespace

const std::vector<std::string>& command_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Known& known : known_commands()) names.emplace_back(known.name);
    return names;
  }();
  return kNames;
}

Result<Command> parse(const std::string& name, const std::vector<std::string>& arguments) {
  const auto found = std::ranges::find_if(
      known_commands(), [&](const Known& known) { return same_but_case(known.name, name); });
  if (found == known_commands().end()) {
    const auto near = nearest_word(name, command_names());
    return failure(fmt::format("there is no command {}{}", name,
                               near ? fmt::format("; did you mean {}?", *near)
                                    : "; there are: " + join(command_names(), ", ")),
                   EINVAL);
  }
  return found->parse(Reader(arguments, found->form));
}

}  // namespace tasuki::arm
