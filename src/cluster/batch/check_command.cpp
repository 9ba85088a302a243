#include "cluster/batch/check_command.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/batch/known_commands.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/service_command.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

using std::string_view_literals::operator""sv;

// Variables whose values have a blank on every Windows.
constexpr std::array kWithBlank{"ProgramFiles"sv, "ProgramFiles(x86)"sv, "CommonProgramFiles"sv,
                                "CommonProgramFiles(x86)"sv};

bool is_among(const std::vector<std::string>& names, std::string_view wanted) {
  return std::ranges::any_of(names, [wanted](const auto& name) { return same_name(name, wanted); });
}

// "alenv1" is there when "alenv1.bat" is.
bool is_among_programs(const std::vector<std::string>& names, std::string_view wanted) {
  return std::ranges::any_of(names, [wanted](const std::string& name) {
    const PathParts parts = split_path(name);
    const bool runs = same_name(parts.extension, ".exe") || same_name(parts.extension, ".com") ||
                      is_batch_file(name);
    return same_name(name, wanted) || (runs && same_name(parts.name, wanted));
  });
}

// Variables to which the script gives a path with a blank in it.
std::set<std::string> paths_with_blanks(const Listing& listing) {
  std::set<std::string> names;
  for (const std::string_view name : kWithBlank) names.insert(lower(name));
  visit(listing, [&names](const Node& node) {
    if (!node.as<Simple>()) return;
    const Invocation command = invocation(node);
    if (!same_name(command.name, "set")) return;
    std::string_view assignment = trim(command.arguments);
    const bool quoted = assignment.starts_with('"');
    if (quoted) assignment = unquoted(assignment);
    const size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view value = assignment.substr(equals + 1);
    const bool blank = std::ranges::any_of(value, is_blank);
    if (blank && has_folder(value) && !value.contains('"'))
      names.insert(lower(assignment.substr(0, equals)));
  });
  return names;
}

// `C:\Program` of `C:\Program Files\x.exe /a`, and how the rest of the path begins. None when the
// path seems to end where its word does.
bool goes_on_behind_blank(const std::vector<std::string>& words) {
  const std::string& first = words.front();
  if (words.size() < 2 || !has_folder(first) || first.starts_with('/')) return false;
  if (first.ends_with('\\')) return true;
  if (!split_path(first).extension.empty()) return false;
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    if (word->starts_with('/') || word->starts_with('-') || word->contains('"')) return false;
    if (is_absolute(*word) || has_variables(*word)) return false;
    const std::string extension = lower(split_path(*word).extension);
    if (extension == ".exe" || extension == ".com" || is_batch_file(*word)) return true;
    if (word->contains('\\')) return extension.empty();
  }
  return false;
}

class CommandCheck {
 public:
  CommandCheck(const Listing& listing, const Surveyed& surveyed, const CheckedFile& file,
               Report& report)
      : surveyed_(surveyed),
        file_(file),
        report_(report),
        paths_with_blanks_(paths_with_blanks(listing)) {}

  void check(const Node& node) {
    const auto* const simple = node.as<Simple>();
    if (!simple) return;
    const Invocation command = invocation(node);
    if (command.name.starts_with(':')) {
      report_.mistake(node.line,
                      "a :: comment follows another one in a block, where cmd.exe takes it "
                      "for a drive",
                      "use rem for comments in blocks");
      return;
    }
    const std::string text = command.called ? take_apart(simple->text).arguments : simple->text;
    if (is_internal(command.name)) return;
    check_path(node.line, trim_delimiters(text));
    check_name(node.line, command.name);
  }

 private:
  void check_path(int line, std::string_view text) {
    const auto words = split_by_blanks(text);
    if (words.empty() || words.front().contains('"')) return;
    const std::string& first = words.front();
    if (goes_on_behind_blank(words)) {
      const bool gap = first.ends_with('\\');
      report_.mistake(
          line, fmt::format("there is a blank in the program's path behind {}", first),
          gap ? fmt::format("write {}{}", first, words[1]) : "put quotes around the whole path");
      return;
    }
    if (!first.starts_with('%')) return;
    const size_t end = first.find('%', 1);
    if (end == std::string::npos || !first.substr(end + 1).starts_with('\\')) return;
    const std::string name = first.substr(1, end - 1);
    if (paths_with_blanks_.contains(lower(name)))
      report_.mistake(line, fmt::format("the value of {} has a blank in it", name),
                      "put quotes around the whole path");
  }

  void check_name(int line, const std::string& name) {
    if (name.empty() || has_variables(name) || has_folder(name)) return;
    if (!split_path(name).extension.empty()) return;
    if (same_name(name, "else")) {
      report_.mistake(line, "else stands where a command begins", "write ) else ( in one line");
      return;
    }
    if (is_known_command(name) || is_among_programs(file_.beside, name) ||
        is_among_programs(surveyed_.programs, name))
      return;
    const auto near = nearest_command(name);
    report_.mistake(line, fmt::format("unknown command \"{}\"", name),
                    near ? fmt::format("did you mean \"{}\"?", *near)
                         : "if it is a program, write its path or its extension");
  }

  const Surveyed& surveyed_;
  const CheckedFile& file_;
  Report& report_;
  std::set<std::string> paths_with_blanks_;
};

void check_services(const Listing& listing, const std::vector<std::string>& services,
                    Report& report) {
  std::set<std::pair<int, std::string>> told;
  visit_service_commands(listing, [&](int line, const ServiceCommand& command) {
    const std::string& service = command.service;
    if (service.empty() || has_variables(service) || is_among(services, service)) return;
    if (told.emplace(line, lower(service)).second)
      report.mistake(line, fmt::format("the configuration has no service \"{}\"", service),
                     suggest(service, services));
  });
}

}  // namespace

void check_commands(const Listing& listing, const Surveyed& surveyed, const CheckedFile& file,
                    Report& report) {
  CommandCheck check(listing, surveyed, file, report);
  visit(listing, [&check](const Node& node) { check.check(node); });
  if (surveyed.services) check_services(listing, *surveyed.services, report);
}

}  // namespace tasuki::batch
