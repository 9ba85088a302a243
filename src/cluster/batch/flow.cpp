#include "cluster/batch/flow.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "cluster/batch/command.hpp"
#include "cluster/batch/condition.hpp"
#include "cluster/batch/edit.hpp"
#include "cluster/batch/known_commands.hpp"
#include "cluster/batch/paths.hpp"
#include "cluster/batch/service_command.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

// Two ways through every line of the longest script that is read: enough for all that reaches
// something, and for the branches of any script that people write.
constexpr size_t kSeenMax = 2 * kFileBytesMax;

// What is known where a way has come to.
struct Way {
  bool disk_checked = false;
  bool chosen = false;  // by a test that asks for just this event
  int branch_line = 0;  // where the branch begins; behind the last test of ARMS_EVENT until chosen
  friend auto operator<=>(const Way&, const Way&) = default;
};
using Ways = std::set<Way>;

void add(Ways& ways, const Ways& more) {
  ways.insert(more.begin(), more.end());
}

template <class Change>
Ways changed(const Ways& ways, Change change) {
  Ways out;
  for (Way way : ways) {
    change(way);
    out.insert(way);
  }
  return out;
}

// %ARMS_DISK%, !CLP_DISK! and so on.
bool mentions(std::string_view text, std::string_view variable) {
  const std::string lowered = lower(text);
  for (const std::string_view prefix : {"arms_", "clp_"})
    if (lowered.contains(std::string(prefix) + std::string(variable))) return true;
  return false;
}

std::string with_event(std::string_view text, std::string_view event) {
  std::string replaced(text);
  if (event.empty()) return replaced;
  for (const std::string_view name : {"%ARMS_EVENT%", "!ARMS_EVENT!", "%CLP_EVENT%", "!CLP_EVENT!"})
    replaced = replace(replaced, name, event);
  return replaced;
}

// Whether the command needs what is on the partition: services, programs of their own, but not what
// only tells, waits or steers.
bool acts(const Invocation& command) {
  if (service_command(command.name, command.arguments)) return true;
  if (same_name(command.name, "ARMLOADC")) return true;
  return has_folder(command.name) || !is_known_command(command.name);
}

class Walker {
 public:
  Walker(const Listing& listing, std::string_view event)
      : listing_(listing), event_(event), checks_disk_from_(find_checks()) {}

  Flow walk() {
    enqueue(0, {Way{}});
    while (!pending_.empty()) {
      const auto [index, way] = pending_.front();
      pending_.pop_front();
      current_ = index;
      enqueue(index + 1, walk_statement(listing_.statements[index], way));
    }
    return std::move(flow_);
  }

 private:
  void enqueue(size_t index, const Ways& ways) {
    if (index >= listing_.statements.size() || seen_.size() >= kSeenMax) return;
    for (const Way& way : ways)
      if (seen_.emplace(index, way).second) pending_.emplace_back(index, way);
  }

  Ways walk_statement(const Statement& statement, const Way& way) {
    if (!statement.node) return {way};
    const bool unclear = std::ranges::any_of(
        statement.faults, [](const Fault& fault) { return fault.what != kSingleEquals; });
    if (!unclear) return walk_node(*statement.node, {way});
    // Nothing can be said about what stands in it.
    visit(*statement.node, [this](const Node& node) { flow_.reached.insert(&node); });
    return {way};
  }

  Ways walk_node(const Node& node, const Ways& ways) {
    if (ways.empty()) return {};
    flow_.reached.insert(&node);
    if (node.as<Simple>()) return walk_simple(node, ways);
    if (const auto* const condition = node.as<If>()) return walk_if(node, *condition, ways);
    if (node.as<Block>()) {
      Ways through = ways;
      for (const Node& child : node.children) through = walk_node(child, through);
      return through;
    }
    // Of && and || every next one may be left out; of a pipe none is; a loop may have no round.
    Ways out = node.as<For>() ? ways : Ways{};
    Ways through = ways;
    for (const Node& child : node.children) {
      through = walk_node(child, through);
      add(out, through);
    }
    return node.as<Pipe>() ? through : out;
  }

  Ways walk_simple(const Node& node, const Ways& ways) {
    const Invocation command = invocation(node);
    const std::string name = meant(command.name);
    if (!event_.empty() && acts({command.line, name, command.arguments, false})) judge(ways);
    const bool tells = same_name(name, "echo") || starts_with_name(name, "ARM");
    Ways out = !tells && mentions(command.arguments, "disk") ? checked(ways) : ways;
    const std::string target = jump_target({command.line, name, command.arguments, false});
    if (!target.empty()) {
      jump(target, command.line, out);
      if (same_name(name, "goto")) return same_name(command.name, name) ? Ways{} : out;
      return checks_disk(target, command.line) ? checked(out) : out;
    }
    if (same_name(name, "exit")) return {};
    if (is_batch_file(name) && !command.called) return {};
    return out;
  }

  // What a misspelled command seems to mean.
  std::string meant(const std::string& name) {
    if (is_known_command(name) || has_folder(name) || has_variables(name)) return name;
    const auto [known, added] = meant_.try_emplace(name);
    if (added) known->second = nearest_command(name).value_or(name);
    return known->second;
  }

  void judge(const Ways& ways) {
    for (const Way& way : ways)
      if (way.branch_line > 0 && !way.disk_checked)
        flow_.unchecked_branches.insert(way.branch_line);
  }

  static Ways checked(const Ways& ways) {
    return changed(ways, [](Way& way) { way.disk_checked = true; });
  }

  Ways walk_if(const Node& node, const If& condition, const Ways& before) {
    Ways ways = before;
    std::optional<bool> holds;
    if (const auto* const compared = std::get_if<Compare>(&condition.test)) {
      const std::string both = compared->left + compared->right;
      if (mentions(both, "disk")) ways = checked(ways);
      if (!event_.empty() && mentions(both, "event")) holds = decide(*compared, condition);
    }
    Ways out;
    const bool chosen = holds && *holds && !condition.negated;
    if (holds.value_or(true))
      add(out, walk_node(node.children[0], chosen ? in_branch(ways, node) : ways));
    if (holds.value_or(false)) return out;
    // `if not "%ARMS_EVENT%"=="START" goto x` chooses what is behind it.
    const bool excluded = holds && condition.negated;
    if (node.children.size() > 1) {
      const Node& other = node.children[1];
      add(out, walk_node(other, excluded ? choose(ways, other.line) : ways));
    } else if (excluded) {
      add(out, choose(ways, next_line()));
    } else {
      add(out, holds ? passed(ways) : ways);
    }
    return out;
  }

  // Where the next statement that is more than a comment begins.
  [[nodiscard]] int next_line() const {
    const auto& statements = listing_.statements;
    size_t index = statements[current_].next_line;
    for (size_t i = current_ + 1; i < statements.size(); ++i) {
      const auto label = label_of_line(listing_.script->lines[index]);
      const bool comment = statements[i].node && statements[i].node->as<Block>() &&
                           statements[i].node->children.empty();
      if ((label && !label->empty()) || (statements[i].node && !comment)) break;
      index = statements[i].next_line;
    }
    return static_cast<int>(index) + 1;
  }

  // None when the test has other variables as well.
  std::optional<bool> decide(const Compare& compared, const If& condition) const {
    const std::string left = with_event(compared.left, event_);
    const std::string right = with_event(compared.right, event_);
    if (has_variables(left) || has_variables(right)) return std::nullopt;
    return compare(left, compared.comparison, right, condition.ignore_case) != condition.negated;
  }

  // The branch begins at the label it goes to, or where it stands.
  Ways in_branch(const Ways& ways, const Node& node) const {
    int line = node.line;
    if (node.children[0].as<Simple>()) {
      const Invocation command = invocation(node.children[0]);
      const Label* const label = find_label(jump_target(command), command.line);
      if (label) line = begin_of(*label);
    }
    return choose(ways, line);
  }

  // The first of labels that follow one another, for they begin the same branch.
  [[nodiscard]] int begin_of(const Label& label) const {
    const auto& lines = listing_.script->lines;
    size_t line = label.line;
    while (line > 0 && !label_of_line(lines[line - 1]).value_or("").empty()) --line;
    return static_cast<int>(line) + 1;
  }

  static Ways choose(const Ways& ways, int line) {
    return changed(ways, [line](Way& way) {
      way.chosen = true;
      way.branch_line = line;
    });
  }

  // Behind a test for another event.
  [[nodiscard]] Ways passed(const Ways& ways) const {
    return changed(ways, [line = next_line()](Way& way) {
      if (!way.chosen) way.branch_line = line;
    });
  }

  void jump(const std::string& target, int line, const Ways& ways) {
    if (target == ":EOF") return;
    const std::string name = with_event(target, event_);
    const Label* const label = has_variables(name) ? nullptr : find_label(name, line);
    const bool by_event = !event_.empty() && mentions(target, "event");
    if (label)
      return enqueue(listing_.statement_at(label->line),
                     by_event ? choose(ways, begin_of(*label)) : ways);
    flow_.leads_nowhere = flow_.leads_nowhere || !has_variables(name);
    // It may mean any label; but of none it can be said that the branch is the one for the event.
    if (!event_.empty() && !has_variables(name)) return;
    Ways all = mentions(name, "disk") ? checked(ways) : ways;
    std::erase_if(all, [this](const Way& way) { return !gone_everywhere_.insert(way).second; });
    if (all.empty()) return;
    for (const Label& any : listing_.script->labels) enqueue(listing_.statement_at(any.line), all);
  }

  // Or the one that is meant.
  [[nodiscard]] const Label* find_label(const std::string& name, int line) const {
    const Script& script = *listing_.script;
    const Label* const label = script.find_label(name, static_cast<size_t>(line));
    return label ? label : nearest_label(script, name);
  }

  // Whether what is called at the label looks at ARMS_DISK before it comes back.
  [[nodiscard]] bool checks_disk(const std::string& target, int line) const {
    const Label* const label = find_label(target, line);
    return label && checks_disk_from_[listing_.statement_at(label->line)];
  }

  // The answer for every statement, from the last to the first.
  [[nodiscard]] std::vector<bool> find_checks() const {
    const size_t count = listing_.statements.size();
    std::vector<bool> checks(count + 1, false);
    for (size_t i = count; i-- > 0;) {
      const auto& node = listing_.statements[i].node;
      const bool ends = node && node->as<Simple>() && ends_call(invocation(*node));
      checks[i] = (node && tests_disk(*node)) || (!ends && checks[i + 1]);
    }
    return checks;
  }

  static bool tests_disk(const Node& node) {
    bool tests = false;
    visit(node, [&tests](const Node& inner) {
      const auto* const condition = inner.as<If>();
      const auto* const compared = condition ? std::get_if<Compare>(&condition->test) : nullptr;
      if (compared && mentions(compared->left + compared->right, "disk")) tests = true;
    });
    return tests;
  }

  static bool ends_call(const Invocation& command) {
    return same_name(command.name, "exit") || jump_target(command) == ":EOF";
  }

  const Listing& listing_;
  std::string_view event_;
  std::vector<bool> checks_disk_from_;
  std::deque<std::pair<size_t, Way>> pending_;
  std::set<std::pair<size_t, Way>> seen_;
  Ways gone_everywhere_;  // those that have come to every label
  std::map<std::string, std::string> meant_;
  size_t current_ = 0;  // the statement that is being walked
  Flow flow_;
};

}  // namespace

Flow follow(const Listing& listing, std::string_view event) {
  return Walker(listing, event).walk();
}

}  // namespace tasuki::batch
