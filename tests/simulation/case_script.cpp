#include "tests/simulation/case_script.hpp"

#include <sstream>

#include <fmt/format.h>

#include "cluster/config/parse.hpp"
#include "kit/duration.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::simulation {
namespace {

class Reader {
 public:
  explicit Reader(std::string clusters) : clusters_(std::move(clusters)) {}

  Result<void> read_line(const std::string& line) {
    const std::string text(trim(line.substr(0, line.find('#'))));
    if (text.empty()) return {};
    const size_t space = text.find(' ');
    const std::string first = text.substr(0, space);
    const std::string rest(trim(text.substr(std::min(space, text.size()))));
    if (first == "cluster") return read_main_cluster(rest);
    if (first == "off")
      return read_node(rest, [&](core::NodeId node) { made_.off.push_back(node); });
    if (first == "no-watchdog")
      return read_node(rest, [&](core::NodeId node) { made_.traits[node].watchdog = false; });
    if (first == "end") return read_time(rest, made_.end);
    return read_fault(first, rest);
  }

  CaseScript take() { return std::move(made_); }

 private:
  Result<void> read_main_cluster(const std::string& name) {
    auto config = read_cluster(clusters_ + "/" + name + ".toml");
    if (!config) return failure(config.error());
    made_.config = std::move(*config);
    made_.traits = traits_of(made_.config);
    return {};
  }

  Result<void> read_node(const std::string& name, const std::function<void(core::NodeId)>& use) {
    const core::Node* node = made_.config.find_node(name);
    if (node == nullptr) return failure(fmt::format("there is no node \"{}\"", name));
    use(node->id);
    return {};
  }

  static Result<void> read_time(const std::string& text, Time& time) {
    const auto read = parse_duration(text);
    if (!read) return failure(read.error());
    time = *read;
    return {};
  }

  Result<void> read_fault(const std::string& time, const std::string& text) {
    Fault fault;
    if (auto read = read_time(time, fault.time); !read) return read;
    auto sentence = parse_sentence(text, made_.config);
    if (!sentence) return failure(sentence.error());
    fault.sentence = std::move(*sentence);
    if (fault.sentence.deed == Deed::config_apply) {
      auto config = read_cluster(clusters_ + "/" + fault.sentence.file + ".toml");
      if (!config) return failure(config.error());
      made_.other_configs[fault.sentence.file] = std::move(*config);
    }
    made_.faults.push_back(std::move(fault));
    return {};
  }

  std::string clusters_;
  CaseScript made_;
};

}  // namespace

Result<core::Config> read_cluster(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return failure(text.error());
  auto outcome = config::parse_config(*text, file);
  if (outcome.config) return std::move(*outcome.config);
  return failure(to_text(outcome.mistakes.front()));
}

Result<CaseScript> read_case_script(const std::string& file, const std::string& clusters) {
  const auto text = read_file(file);
  if (!text) return failure(text.error());
  Reader reader(clusters);
  std::istringstream in(*text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number)
    if (auto read = reader.read_line(line); !read)
      return failure(read.error().during(fmt::format("{}:{}", file, number)));
  return reader.take();
}

}  // namespace tasuki::simulation
