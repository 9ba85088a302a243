#include "cluster/batch/service_command.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "cluster/batch/expand.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

// The options of ARMLOAD that have a value behind them.
constexpr std::array<std::string_view, 5> kWithValue{"/R", "/H", "/WAIT", "/INT", "/U"};

std::optional<ServiceCommand> net(const std::vector<std::string>& words) {
  if (words.size() < 2) return std::nullopt;
  const bool starts = same_name(words[0], "start");
  if (!starts && !same_name(words[0], "stop")) return std::nullopt;
  std::vector<std::string> names(words.begin() + 1, words.end());
  std::erase_if(names, [](const std::string& word) { return word.starts_with('/'); });
  if (names.empty()) return std::nullopt;
  const std::string name = without_quotes(names.front());
  return ServiceCommand{.action = starts ? ServiceAction::start : ServiceAction::stop,
                        .watched = false,
                        .key = name,
                        .service = name,
                        .ends_by_itself = false};
}

std::optional<ServiceCommand> armload(const std::vector<std::string>& words) {
  if (words.empty() || words[0].starts_with('/')) return std::nullopt;
  ServiceCommand command;
  command.watched = true;
  command.key = without_quotes(words[0]);
  bool is_service = false;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with('/')) {
      if (is_service) command.service = without_quotes(word);
      break;
    }
    is_service = is_service || same_name(word, "/S");
    command.ends_by_itself = command.ends_by_itself || same_name(word, "/W");
    if (std::ranges::any_of(kWithValue, [&word](auto known) { return same_name(known, word); }))
      ++i;
  }
  if (is_service) command.ends_by_itself = false;
  return command;
}

std::optional<ServiceCommand> armkill(const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  return ServiceCommand{.action = ServiceAction::stop,
                        .watched = true,
                        .key = without_quotes(words[0]),
                        .service = {},
                        .ends_by_itself = false};
}

// Loops in loops over many words are more than anybody writes; what is beyond is not looked at.
constexpr int kVisitsMax = 10'000;

class Visitor {
 public:
  explicit Visitor(const std::function<void(int, const ServiceCommand&)>& visitor)
      : visitor_(visitor) {}

  void visit(const Node& node, const LoopVariables& loops) {
    if (++visits_ > kVisitsMax) return;
    if (const auto* const loop = node.as<For>(); loop && loop->kind == LoopKind::items)
      return visit_loop(node, *loop, loops);
    for (const Node& child : node.children) visit(child, loops);
    if (!node.as<Simple>()) return;
    const Invocation invoked = invocation(node);
    const std::string arguments = expand_loop_variables(invoked.arguments, loops, "").text;
    if (const auto command = service_command(invoked.name, arguments))
      visitor_(node.line, *command);
  }

 private:
  void visit_loop(const Node& node, const For& loop, const LoopVariables& outer) {
    for (const std::string& word : split_words(expand_loop_variables(loop.set, outer, "").text)) {
      LoopVariables loops = outer;
      loops[loop.variable] = word;
      for (const Node& child : node.children) visit(child, loops);
    }
  }

  const std::function<void(int, const ServiceCommand&)>& visitor_;
  int visits_ = 0;
};

}  // namespace

void visit_service_commands(const Listing& listing,
                            const std::function<void(int, const ServiceCommand&)>& visitor) {
  Visitor commands(visitor);
  for (const Statement& statement : listing.statements)
    if (statement.node) commands.visit(*statement.node, {});
}

std::optional<ServiceCommand> service_command(std::string_view name, std::string_view arguments) {
  const auto words = split_by_blanks(arguments);
  if (same_name(name, "net")) return net(words);
  if (same_name(name, "ARMLOAD")) return armload(words);
  if (same_name(name, "ARMKILL")) return armkill(words);
  return std::nullopt;
}

}  // namespace tasuki::batch
