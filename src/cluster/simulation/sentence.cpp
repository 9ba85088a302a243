#include "cluster/simulation/sentence.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::simulation {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_place(const std::string& word) {
  return word == "NODE" || word == "GROUP" || word == "RESOURCE" || word == "DURATION" ||
         word == "PERCENT" || word == "FILE";
}

template <class Range>
std::string names_of(const Range& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(fmt::format("{}", item.name));
  return join(names, ", ");
}

Result<void> take_node(Sentence& sentence, const std::string& word, const core::Config& config) {
  const core::Node* node = config.find_node(word);
  if (node == nullptr)
    return failure(
        fmt::format("there is no node \"{}\"; expected one of: {}", word, names_of(config.nodes)));
  sentence.nodes.push_back(node->id);
  return {};
}

Result<void> take_group(Sentence& sentence, const std::string& word, const core::Config& config) {
  sentence.group = core::GroupName{word};
  if (config.find_group(sentence.group) != nullptr) return {};
  return failure(
      fmt::format("there is no group \"{}\"; expected one of: {}", word, names_of(config.groups)));
}

Result<void> take_resource(Sentence& sentence, const std::string& word,
                           const core::Config& config) {
  sentence.resource = core::ResourceName{word};
  const core::Group* group = config.find_group(sentence.group);
  if (group == nullptr || std::ranges::find(group->resources, sentence.resource,
                                            &core::Resource::name) != group->resources.end())
    return {};
  return failure(fmt::format("group \"{}\" has no resource \"{}\"; expected one of: {}",
                             sentence.group, word, names_of(group->resources)));
}

Result<void> take_duration(Sentence& sentence, const std::string& word) {
  const auto duration = parse_duration(word);
  if (!duration) return failure(duration.error());
  sentence.duration = *duration;
  return {};
}

Result<void> take_percent(Sentence& sentence, const std::string& word) {
  const auto [end, problem] =
      std::from_chars(word.data(), word.data() + word.size(), sentence.percent);
  const bool number = problem == std::errc() && std::string(end, word.data() + word.size()) == "%";
  if (number && sentence.percent >= 0 && sentence.percent < 100) return {};
  return failure(fmt::format("\"{}\" is not a percentage; expected 0% to 99%", word));
}

Result<void> take(Sentence& sentence, const std::string& place, const std::string& word,
                  const core::Config& config) {
  if (place == "NODE") return take_node(sentence, word, config);
  if (place == "GROUP") return take_group(sentence, word, config);
  if (place == "RESOURCE") return take_resource(sentence, word, config);
  if (place == "DURATION") return take_duration(sentence, word);
  if (place == "PERCENT") return take_percent(sentence, word);
  sentence.file = word;
  return {};
}

// Whether the words are of this form, whatever stands in its places.
bool has_form(const Words& words, const Words& form) {
  return std::ranges::equal(words, form, [](const std::string& word, const std::string& expected) {
    return is_place(expected) || word == expected;
  });
}

// The forms that begin like the sentence; all when none does.
std::string expected_forms(const Words& words) {
  std::vector<std::string> like_it;
  std::vector<std::string> all;
  for (const Form& form : sentence_forms()) {
    all.emplace_back(form.pattern);
    if (!words.empty() && words_of(form.pattern).front() == words.front())
      like_it.emplace_back(form.pattern);
  }
  return join(like_it.empty() ? all : like_it, "; ");
}

}  // namespace

const std::vector<Form>& sentence_forms() {
  static const std::vector<Form> forms{
      {Deed::lose_witness, "lose witness", "the witness ends"},
      {Deed::lose, "lose NODE", "its power fails"},
      {Deed::start_witness, "start witness", "the witness runs again"},
      {Deed::start, "start NODE", "it is switched on, or its tasukid started"},
      {Deed::freeze, "freeze NODE", "it hangs, while its watchdog runs"},
      {Deed::pause, "pause NODE", "as a paused virtual machine: its watchdog stands, too"},
      {Deed::thaw, "thaw NODE", "it goes on where it was"},
      {Deed::witness_refuses, "witness-refuses NODE",
       "a disk, share or web server can be read by it, but takes nothing from it"},
      {Deed::witness_takes, "witness-takes NODE", "the witness takes from it again"},
      {Deed::cut_witness, "cut NODE witness", "it does not reach the witness"},
      {Deed::cut_one_way, "cut NODE to NODE", "one direction only"},
      {Deed::cut_between, "cut NODE NODE", "the two do not reach each other"},
      {Deed::cut, "cut NODE", "it reaches no other node and no witness"},
      {Deed::heal_between, "heal NODE NODE", "the two reach each other again"},
      {Deed::heal, "heal", "the whole network is well again"},
      {Deed::delay, "delay NODE DURATION", "what is said takes so much longer"},
      {Deed::loss, "loss NODE PERCENT", "so much of what is said is lost once"},
      {Deed::kill_tasukid, "kill-tasukid NODE", "it dies and is started again"},
      {Deed::kill_keeper, "kill-keeper NODE", "it dies and is started again"},
      {Deed::kill_corosync, "kill-corosync NODE", "it dies and is started again"},
      {Deed::leave, "leave NODE", "its tasukid is stopped in order"},
      {Deed::fails, "fails GROUP on NODE", "the group's first resource breaks there"},
      {Deed::fails, "fails GROUP RESOURCE on NODE", "the resource breaks, a service dies"},
      {Deed::start_fails, "start-fails GROUP on NODE",
       "the first resource cannot be started there"},
      {Deed::start_fails, "start-fails GROUP RESOURCE on NODE", "from now on"},
      {Deed::start_hangs, "start-hangs GROUP on NODE", "its start does not end in time there"},
      {Deed::start_hangs, "start-hangs GROUP RESOURCE on NODE", "from now on"},
      {Deed::stop_hangs, "stop-hangs GROUP on NODE", "its stop does not end there"},
      {Deed::stop_hangs, "stop-hangs GROUP RESOURCE on NODE", "from now on"},
      {Deed::works, "works GROUP on NODE", "whatever was wrong with it there is mended"},
      {Deed::disk_slow, "disk-slow NODE", "writing the state takes seconds"},
      {Deed::disk_hangs, "disk-hangs NODE", "writing the state does not end"},
      {Deed::disk_works, "disk-works NODE", "the disk of the state is well again"},
      {Deed::fence_fails, "fence-fails NODE", "its power switch does not answer"},
      {Deed::fence_hangs, "fence-hangs NODE", "its power switch lets everybody wait"},
      {Deed::fence_works, "fence-works NODE", "its power switch is well again"},
      {Deed::clock_jumps, "clock-jumps NODE DURATION", "its time of day is set so much later"},
      {Deed::change_setting, "change-setting GROUP on NODE",
       "a program there changes one that follows the group"},
      {Deed::group_start, "group start GROUP", "as: tasuki group start"},
      {Deed::group_start, "group start GROUP --to NODE", "as: tasuki group start --to"},
      {Deed::group_stop, "group stop GROUP", "as: tasuki group stop"},
      {Deed::group_move, "group move GROUP", "as: tasuki group move"},
      {Deed::group_move, "group move GROUP --to NODE", "as: tasuki group move --to"},
      {Deed::group_retry, "group retry GROUP", "as: tasuki group retry"},
      {Deed::accept_settings, "group accept-settings GROUP --from NODE", "as in tasuki"},
      {Deed::node_standby, "node standby NODE", "as: tasuki node standby"},
      {Deed::node_resume, "node resume NODE", "as: tasuki node resume"},
      {Deed::accept_loss, "node confirm-down NODE --accept-loss", "as in tasuki"},
      {Deed::confirm_down, "node confirm-down NODE", "as: tasuki node confirm-down"},
      {Deed::lock, "lock", "as: tasuki lock"},
      {Deed::unlock, "unlock", "as: tasuki unlock"},
      {Deed::config_apply, "config apply FILE", "as: tasuki config apply"},
  };
  return forms;
}

Result<Sentence> parse_sentence(const std::string& text, const core::Config& config) {
  const Words words = words_of(text);
  for (const Form& form : sentence_forms()) {
    const Words expected = words_of(form.pattern);
    if (!has_form(words, expected)) continue;
    Sentence sentence;
    sentence.deed = form.deed;
    for (size_t i = 0; i < expected.size(); ++i)
      if (is_place(expected[i]))
        if (auto taken = take(sentence, expected[i], words[i], config); !taken)
          return failure(taken.error().during(fmt::format("\"{}\"", text)));
    return sentence;
  }
  return failure(
      fmt::format("\"{}\" is not understood; expected: {}", text, expected_forms(words)));
}

std::string to_text(const Sentence& sentence, const core::Config& config) {
  const auto needs = [](const Words& words, const std::string& place) {
    return static_cast<size_t>(std::ranges::count(words, place));
  };
  for (const Form& form : sentence_forms()) {
    Words words = words_of(form.pattern);
    if (form.deed != sentence.deed || needs(words, "NODE") != sentence.nodes.size() ||
        needs(words, "RESOURCE") != (sentence.resource.value.empty() ? 0U : 1U))
      continue;
    size_t node = 0;
    for (std::string& word : words) {
      if (word == "NODE") word = config.node_name(sentence.nodes[node++]);
      if (word == "GROUP") word = sentence.group.value;
      if (word == "RESOURCE") word = sentence.resource.value;
      if (word == "PERCENT") word = fmt::format("{}%", sentence.percent);
      if (word == "FILE") word = sentence.file;
      if (word == "DURATION")
        word = format_duration(std::chrono::duration_cast<Milliseconds>(sentence.duration));
    }
    return join(words, " ");
  }
  return "";
}

}  // namespace tasuki::simulation
