#include "cluster/config/parse.hpp"

#include <fmt/format.h>

#include "cluster/config/build.hpp"
#include "cluster/config/checks.hpp"

namespace tasuki::config {
namespace {

std::optional<Table> checked_document(std::string_view text, Report& report) {
  if (text.size() > kConfigBytesMax) {
    report.mistake(1, fmt::format("the file has {} bytes", text.size()),
                   fmt::format("at most {} are possible", kConfigBytesMax));
    return {};
  }
  auto document = parse_document(text, report);
  if (!document) return {};
  check_keys(*document, report);
  check_nodes(*document, report);
  check_timing(*document, report);
  check_services(*document, report);
  check_programs(*document, report);
  check_groups(*document, report);
  check_references(*document, report);
  check_partitions(*document, report);
  check_reserved_disks(*document, report);
  check_drives(*document, report);
  check_floating_ips(*document, report);
  return document;
}

std::vector<WrittenFence> written_fences(const Table& root) {
  std::vector<WrittenFence> fences;
  for (const Table* node : root.tables("node"))
    for (const Table* fence : node->tables("fence")) {
      WrittenFence written{build_fence(*fence), fence->find("agent")->line, {}};
      if (const Table* options = fence->find_table("options"))
        for (const Field& option : options->fields) written.option_lines[option.key] = option.line;
      fences.push_back(std::move(written));
    }
  return fences;
}

}  // namespace

ParseOutcome parse_config(std::string_view text, std::string file_name) {
  Report report(std::move(file_name));
  const auto document = checked_document(text, report);
  ParseOutcome outcome{{}, report.mistakes(), report.warnings(), {}};
  if (!outcome.mistakes.empty()) return outcome;
  outcome.config = build_config(*document);
  outcome.fences = written_fences(*document);
  for (const Table* node : document->tables("node"))
    outcome.node_lines[outcome.config->find_node(node->find_text("name")->value)->id] = node->line;
  return outcome;
}

}  // namespace tasuki::config
