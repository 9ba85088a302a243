#include "cluster/cli/explain_text.hpp"

#include "cluster/cli/history_text.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

std::string print_list(const Screen& screen, const std::string& heading, const Json& sentences) {
  if (sentences.empty()) return "";
  std::string text = "\n" + paint(screen, Style::heading, heading) + "\n";
  for (const auto& sentence : sentences)
    text += hang(screen, "  - ", printable(sentence.get<std::string>()));
  return text;
}

std::string print_explanation(const Json& told, const Screen& screen) {
  std::string text = hang(screen, "", printable(told.at("verdict").get<std::string>()));
  text += print_list(screen, "What is known", told.at("facts"));
  text += print_list(screen, "The rule", Json::array({told.at("rule")}));
  text += print_list(screen, told.at("kind") == "group" ? "The other servers" : "Other groups",
                     told.at("refused"));
  text += print_list(screen, "Proof", told.at("proof"));
  text += print_list(screen, "What would change it", told.at("remedies"));
  if (const Json& last = told.at("last_failover"); !last.is_null())
    text += "\n" + paint(screen, Style::heading, "Its last start") + "\n" +
            print_timeline({{"failovers", Json::array({last})}}, screen);
  return text;
}

}  // namespace

std::string print_explanations(const Json& answer, const Screen& screen) {
  std::string text;
  for (const auto& told : answer.at("explanations"))
    text += (text.empty() ? "" : "\n") + print_explanation(told, screen);
  return text;
}

}  // namespace tasuki::cli
