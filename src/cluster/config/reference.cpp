#include "cluster/config/reference.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "kit/diagnostic.hpp"

namespace tasuki::config {
namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kRegistry = "registry:";
constexpr std::string_view kNamedAddress = "group.floating_ip.";

struct Word {
  std::string_view text;
  Reference::To to;
};
constexpr std::array kWords{Word{"group.floating_ip", Reference::To::floating_ip},
                            Word{"group.name", Reference::To::group_name},
                            Word{"group.mount_point", Reference::To::mount_point},
                            Word{"node.name", Reference::To::node_name}};

Result<Reference> read_registry(std::string_view text) {
  auto path = registry::ValuePath::parse(text.substr(kRegistry.size()));
  if (!path) return failure(fmt::format("${{{}}}: {}", text, path.error().what));
  return Reference{Reference::To::registry, std::string(text), std::move(*path)};
}

Result<Reference> read_reference(std::string_view text) {
  if (text.starts_with(kRegistry)) return read_registry(text);
  if (text.starts_with(kNamedAddress) && text.size() > kNamedAddress.size())
    return Reference{Reference::To::floating_ip,
                     std::string(text),
                     {},
                     std::string(text.substr(kNamedAddress.size()))};
  if (const auto known = std::ranges::find(kWords, text, &Word::text); known != kWords.end())
    return Reference{known->to, std::string(text)};
  std::vector<std::string> words{std::string(kRegistry) + "KEY\\VALUE"};
  for (const Word& word : kWords) words.emplace_back(word.text);
  return failure(fmt::format("${{{}}} is no reference (a plain ${{ is written $${{); {}", text,
                             suggest(text, words)));
}

Result<std::string> value_of(const Reference& reference, const ReferenceValues& values) {
  const auto missing = [&](std::string_view why) {
    return failure(fmt::format("${{{}}}: {}", reference.text, why));
  };
  if (reference.of_group() && values.group.empty()) return missing("it is in no group");
  switch (reference.to) {
    case Reference::To::node_name:
      return values.node;
    case Reference::To::group_name:
      return values.group;
    case Reference::To::mount_point:
      if (values.mount_point.empty())
        return missing(fmt::format("group {} has no partition", values.group));
      return values.mount_point;
    case Reference::To::floating_ip: {
      if (values.floating_ips.empty())
        return missing(fmt::format("group {} has no floating IP", values.group));
      if (reference.resource.empty()) return values.floating_ips.front().value;
      const auto found =
          std::ranges::find(values.floating_ips, reference.resource, &ReferenceValues::Named::name);
      if (found != values.floating_ips.end()) return found->value;
      return missing(
          fmt::format("group {} has no floating IP \"{}\"", values.group, reference.resource));
    }
    case Reference::To::registry:
      break;
  }
  const auto data = values.registry(*reference.value);
  if (!data) return missing(data.error().what);
  if (data->size() != 1)
    return missing(fmt::format("the value has {} strings, and one is needed", data->size()));
  return data->front();
}

}  // namespace

Result<std::vector<Piece>> read_references(std::string_view text) {
  std::vector<Piece> pieces;
  std::string plain;
  while (!text.empty()) {
    const size_t open = text.find(kOpen);
    plain += text.substr(0, open);
    if (open == std::string_view::npos) break;
    if (open > 0 && text[open - 1] == '$') {
      plain += kOpen.substr(1);  // of "$${" the second "$" is left out
      text.remove_prefix(open + kOpen.size());
      continue;
    }
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos)
      return failure(fmt::format("\"{}\" has no \"}}\" (a plain ${{ is written $${{); close it",
                                 text.substr(open)));
    auto reference = read_reference(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    if (!reference) return failure(reference.error());
    if (!plain.empty()) pieces.emplace_back(std::exchange(plain, {}));
    pieces.emplace_back(std::move(*reference));
    text.remove_prefix(close + 1);
  }
  if (!plain.empty()) pieces.emplace_back(std::move(plain));
  return pieces;
}

Result<std::string> resolve_references(std::string_view text, const ReferenceValues& values) {
  const auto pieces = read_references(text);
  if (!pieces) return failure(pieces.error());
  std::string resolved;
  for (const Piece& piece : *pieces) {
    if (const auto* plain = std::get_if<std::string>(&piece)) {
      resolved += *plain;
      continue;
    }
    auto value = value_of(std::get<Reference>(piece), values);
    if (!value) return failure(value.error());
    resolved += *value;
  }
  return resolved;
}

}  // namespace tasuki::config
