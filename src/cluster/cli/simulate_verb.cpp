#include <algorithm>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/simulate_times.hpp"
#include "cluster/cli/verbs.hpp"
#include "cluster/config/parse.hpp"
#include "cluster/simulation/rehearsal.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

using simulation::Consequences;
using simulation::Sentence;

struct Options {
  std::vector<std::string> words;  // FILE unless it is about the cluster that runs, then sentences
  bool live = false;
  bool json = false;
};

// What the sentences are about.
struct Subject {
  core::Config config;
  simulation::Beginning beginning;
  SimulatedTimes times;
};

std::optional<core::Config> parse_or_fail(Context& context, const std::string& text,
                                          const std::string& name) {
  auto outcome = config::parse_config(text, name);
  if (outcome.config) return std::move(outcome.config);
  for (const auto& mistake : outcome.mistakes) context.terminal.print(to_text(mistake) + "\n");
  context.fail(api::Exit::failed, "what has mistakes cannot be simulated");
  return std::nullopt;
}

std::optional<Subject> read_subject(Context& context, const std::string& file) {
  const auto text = read_file(file);
  if (!text) {
    context.fail(api::Exit::failed, text.error().what);
    return std::nullopt;
  }
  auto config = parse_or_fail(context, *text, file);
  if (!config) return std::nullopt;
  SimulatedTimes times = simulated_times(*config, Json::array());
  return Subject{std::move(*config), {}, std::move(times)};
}

// How things are, as sentences to a cluster that has just been started.
simulation::Beginning beginning_of(const Json& status, const core::Config& config) {
  simulation::Beginning beginning;
  const auto add = [&](const std::string& text) {
    if (auto sentence = simulation::parse_sentence(text, config))
      beginning.sentences.push_back(std::move(*sentence));
  };
  for (const Json& group : status.at("groups")) {
    const std::string name = group.at("name");
    if (group.at("state") == "stopped") add("group stop " + name);
    if (group.at("node").is_string())
      add(fmt::format("group move {} --to {}", name, group.at("node").get<std::string>()));
  }
  for (const Json& node : status.at("nodes")) {
    const std::string name = node.at("name");
    const std::string state = node.at("state");
    if (state == "standby") add("node standby " + name);
    if (state != "standby" && state != "online" && state != "returning") add("lose " + name);
  }
  if (status.value("locked", false)) add("lock");
  return beginning;
}

std::optional<Subject> ask_subject(Context& context) {
  const auto applied = context.accept(context.client().get("/v1/config"));
  if (!applied) return std::nullopt;
  const auto status = context.accept(context.client().get("/v1/status"));
  if (!status) return std::nullopt;
  const auto timeline = context.accept(context.client().get("/v1/timeline"));
  if (!timeline) return std::nullopt;
  auto config = parse_or_fail(context, applied->at("text"), "the applied version");
  if (!config) return std::nullopt;
  simulation::Beginning beginning = beginning_of(*status, *config);
  SimulatedTimes times = simulated_times(*config, timeline->at("failovers"));
  return Subject{std::move(*config), std::move(beginning), std::move(times)};
}

std::string milliseconds(simulation::Time time) {
  return fmt::format("{}", std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

void print_consequences(Context& context, const std::string& sentence,
                        const Consequences& consequences) {
  Terminal& terminal = context.terminal;
  terminal.print(paint(terminal.screen(), Style::heading, sentence) + "\n");
  for (const auto& told : consequences.told) {
    const std::string by = told.by.empty() ? "" : join(told.by, ", ") + ": ";
    terminal.print(hang(terminal.screen(), fmt::format("{:>9} ms  ", milliseconds(told.time)),
                        fmt::format("{}{}: {}", by, told.note.subject, told.note.text)));
  }
  for (const auto& moved : consequences.moved)
    terminal.print(
        hang(terminal.screen(), "  ",
             fmt::format("{}: {} {} {} after {} ms{}", moved.group,
                         moved.from.empty() ? "nowhere" : moved.from, arrow(terminal.screen()),
                         moved.to.empty() ? "nowhere" : moved.to, milliseconds(moved.after),
                         moved.proof.empty() ? "" : fmt::format("; the proof: {}", moved.proof))));
  for (const auto& [group, where] : consequences.groups)
    if (std::ranges::find(consequences.moved, group, &simulation::Moved::group) ==
        consequences.moved.end())
      terminal.print(
          hang(terminal.screen(), "  ", fmt::format("{} is not touched: {}", group, where)));
}

Json to_json(const std::string& sentence, const Consequences& consequences) {
  Json steps = Json::array();
  for (const auto& told : consequences.told)
    steps.push_back({{"ms", std::stoll(milliseconds(told.time))},
                     {"by", told.by},
                     {"subject", told.note.subject},
                     {"text", told.note.text}});
  Json groups = Json::array();
  for (const auto& moved : consequences.moved)
    groups.push_back({{"group", moved.group.value},
                      {"from", moved.from},
                      {"to", moved.to},
                      {"ms", std::stoll(milliseconds(moved.after))},
                      {"proof", moved.proof},
                      {"reason", moved.reason}});
  return {{"sentence", sentence}, {"steps", steps}, {"groups", groups}};
}

void print_times(Context& context, const SimulatedTimes& times) {
  context.terminal.print("The times it stands on:\n");
  for (const auto& known : times.known)
    context.terminal.print(
        hang(context.terminal.screen(), "  ",
             fmt::format("{} {} ms ({})", known.what, milliseconds(known.time), known.source)));
}

void simulate(Context& context, const Options& options) {
  const size_t first = options.live ? 0 : 1;
  if (options.words.size() <= first)
    return context.fail(api::Exit::usage,
                        options.live ? "say what should happen, as \"lose sv1\""
                                     : "say a FILE and what should happen, as \"lose sv1\"");
  const auto subject =
      options.live ? ask_subject(context) : read_subject(context, options.words.front());
  if (!subject) return;
  std::vector<Sentence> sentences;
  for (size_t i = first; i < options.words.size(); ++i) {
    auto sentence = simulation::parse_sentence(options.words[i], subject->config);
    if (sentence && sentence->deed == simulation::Deed::config_apply)
      sentence = failure("a configuration that is applied is what FILE is for");
    if (!sentence) return context.fail(api::Exit::usage, sentence.error().what);
    sentences.push_back(std::move(*sentence));
  }
  simulation::Rehearsal rehearsal(subject->config, subject->times.pace, subject->beginning);
  Json answers = Json::array();
  for (size_t i = 0; i < sentences.size(); ++i) {
    const std::string& text = options.words[first + i];
    const auto consequences = rehearsal.ask(sentences[i]);
    if (!consequences)
      return context.fail(api::Exit::failed, consequences.error().during(text).what);
    answers.push_back(to_json(text, *consequences));
    if (!options.json) print_consequences(context, text, *consequences);
  }
  if (!options.json) return print_times(context, subject->times);
  context.print_json({{"answers", answers}, {"times", to_json(subject->times)}});
}

std::string sentences_help() {
  std::vector<std::string> forms;
  for (const auto& form : simulation::sentence_forms()) forms.emplace_back(form.pattern);
  return join(forms, "; ");
}

}  // namespace

void add_simulate_verb(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "simulate",
      "Say what would happen, without touching anything\n"
      "The same code that decides in the cluster is run in virtual time, from a configuration file "
      "or from the cluster as it is. Each sentence comes true after what followed from the one "
      "before has come to rest. Sentences are: " +
          sentences_help() + ".");
  verb.footer(
      "tasuki simulate cluster.toml \"lose sv1\"\n"
      "tasuki simulate --live \"cut sv1 sv2\" \"start-fails db on sv2\" \"node resume sv1\"");
  const auto options = std::make_shared<Options>();
  verb.add_option("FILE|SENTENCE", options->words,
                  "the configuration, unless --live is given; then what should happen")
      ->required();
  verb.add_flag("--live", options->live, "the cluster as it is now, with the times it measured");
  verb.add_flag("--json", options->json, "as JSON");
  verb.callback([&context, options] { simulate(context, *options); });
}

}  // namespace tasuki::cli
