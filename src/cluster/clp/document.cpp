#include "cluster/clp/document.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <pugixml.hpp>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "kit/charset.hpp"
#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr const char* kAskForClpConf =
    "give a clp.conf as clpcfctrl --pull or the Cluster WebUI "
    "exports it";

int line_at(std::string_view text, size_t position) {
  return static_cast<int>(std::ranges::count(text.substr(0, position), '\n')) + 1;
}

std::unexpected<Unreadable> unreadable(int line, std::string what, std::string expected) {
  return std::unexpected(Unreadable{line, std::move(what), std::move(expected)});
}

// What the XML declaration says, or "".
std::string_view declared_encoding(std::string_view bytes) {
  if (!bytes.starts_with("<?xml")) return "";
  std::string_view declaration = bytes.substr(0, bytes.find('>'));
  const size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return "";
  declaration.remove_prefix(at);
  const size_t quote = declaration.find_first_of("\"'");
  if (quote == std::string_view::npos) return "";
  const size_t end = declaration.find(declaration[quote], quote + 1);
  if (end == std::string_view::npos) return "";
  return declaration.substr(quote + 1, end - quote - 1);
}

// iconv's name of what CLUSTERPRO calls a character set. The supersets have the characters that
// Windows and Java write under these names; ASCII is read as UTF-8, of which it is a part.
const char* iconv_name(std::string_view encoding) {
  struct Name {
    std::string_view name;
    const char* iconv;
  };
  constexpr auto kNames = std::to_array<Name>({{"", "UTF-8"},
                                               {"UTF-8", "UTF-8"},
                                               {"ASCII", "UTF-8"},
                                               {"US-ASCII", "UTF-8"},
                                               {"EUC-JP", "EUC-JP-MS"},
                                               {"SJIS", "CP932"},
                                               {"Shift_JIS", "CP932"},
                                               {"Windows-31J", "CP932"},
                                               {"GB2312", "GB18030"}});
  const auto found = std::ranges::find_if(
      kNames, [&](const Name& name) { return same_but_case(name.name, encoding); });
  return found == kNames.end() ? nullptr : found->iconv;
}

std::expected<std::string, Unreadable> decode(std::string_view bytes) {
  if (bytes.size() > kBytesMax)
    return unreadable(1, fmt::format("the file has more than {} MiB", kBytesMax / 1024 / 1024),
                      kAskForClpConf);
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return unreadable(1, "the file is UTF-16", "save it as UTF-8, EUC-JP or Shift_JIS");
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (const size_t zero = bytes.find('\0'); zero != std::string_view::npos)
    return unreadable(line_at(bytes, zero), "there is a zero byte, so this is no XML",
                      kAskForClpConf);
  const std::string_view encoding = declared_encoding(bytes);
  const char* const character_set = iconv_name(encoding);
  if (character_set == nullptr)
    return unreadable(1, fmt::format("the encoding \"{}\" is not known", printable(encoding)),
                      "save it as UTF-8, EUC-JP or Shift_JIS, and say so in its first line");
  Converted converted = to_utf8(bytes, character_set);
  if (converted.bytes_read < bytes.size())
    return unreadable(line_at(bytes, converted.bytes_read),
                      fmt::format("there are bytes that are not {}",
                                  encoding.empty() ? "UTF-8" : printable(encoding)),
                      "write the encoding it has into its first line: <?xml version=\"1.0\" "
                      "encoding=\"EUC-JP\"?>");
  return std::move(converted.text);
}

std::string broken(const pugi::xml_parse_result& result, std::string_view text) {
  // pugixml stops at the last character.
  if (static_cast<size_t>(result.offset) + 1 >= trim(text).size())
    return "the file ends before its elements do";
  if (result.status == pugi::status_end_element_mismatch)
    return "an element ends that did not begin last";
  return "the XML is broken here";
}

// A character reference may stand for half a surrogate pair, or, which iconv lets pass, for more
// than U+10FFFF, in UTF-8 F4 8F BF BF.
bool is_text(std::string_view raw) {
  const auto past_the_last = [&](size_t i) {
    const auto byte = static_cast<unsigned char>(raw[i]);
    const auto next = static_cast<unsigned char>(i + 1 < raw.size() ? raw[i + 1] : 0);
    return byte > 0xF4 || (byte == 0xF4 && next > 0x8F);
  };
  return to_utf8(raw, "UTF-8").bytes_read == raw.size() &&
         std::ranges::none_of(std::views::iota(size_t{0}, raw.size()), past_the_last);
}

// Where the elements of one document are collected.
class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  // The first problem that was found on the way.
  [[nodiscard]] const std::optional<Unreadable>& problem() const { return problem_; }

  void build(const pugi::xml_node& node, Element& element, int depth) {
    element.line = line_of(node);
    if (depth > kDepthMax) return fail(element.line, "elements lie too deep in one another");
    if (++elements_ > kElementsMax) return fail(element.line, "there are too many elements");
    element.tag = checked(node.name(), element.line);
    const pugi::xml_attribute name = node.attribute("name");
    element.key = checked(name ? name.value() : node.attribute("id").value(), element.line);
    if (element.key.size() > kKeyBytesMax || element.tag.size() > kKeyBytesMax)
      return fail(element.line, "a name is too long");
    element.text = trim(checked(node.text().get(), element.line));
    for (const pugi::xml_node& child : node.children()) {
      if (problem_) return;
      if (child.type() != pugi::node_element) continue;
      element.children.emplace_back().parent = &element;
      build(child, element.children.back(), depth + 1);
    }
  }

 private:
  void fail(int line, std::string what) {
    if (!problem_) problem_ = Unreadable{line, std::move(what), kAskForClpConf};
  }

  std::string checked(std::string_view raw, int line) {
    if (!is_text(raw)) {
      fail(line, "a character reference stands for nothing");
      return "";
    }
    return printable(raw);
  }

  // Nodes come in the order of the text, so the lines are counted once.
  int line_of(const pugi::xml_node& node) {
    const auto offset = static_cast<size_t>(node.offset_debug());
    line_ += static_cast<int>(std::ranges::count(text_.substr(counted_, offset - counted_), '\n'));
    counted_ = offset;
    return line_;
  }

  std::string_view text_;
  size_t counted_ = 0;
  int line_ = 1;
  size_t elements_ = 0;
  std::optional<Unreadable> problem_;
};

}  // namespace

Element* Element::find(std::string_view child) {
  const auto found = std::ranges::find(children, child, &Element::tag);
  return found == children.end() ? nullptr : &*found;
}

Element* Element::find_path(std::string_view path) {
  Element* element = this;
  for (const std::string_view part : split(path, '/'))
    if (element != nullptr) element = element->find(part);
  return element;
}

std::vector<Element*> Element::find_all(std::string_view child) {
  std::vector<Element*> found;
  for (Element& element : children)
    if (element.tag == child) found.push_back(&element);
  return found;
}

Element* Element::take(std::string_view path) {
  Element* const element = find_path(path);
  if (element == nullptr || element->text.empty()) return nullptr;
  element->seen = true;
  return element;
}

std::string Element::take_text(std::string_view path) {
  const Element* const element = take(path);
  return element == nullptr ? "" : element->text;
}

std::string path_of(const Element& element) {
  const std::string own =
      element.key.empty() ? element.tag : fmt::format("{}@{}", element.tag, element.key);
  const Element* const parent = element.parent;
  return parent == nullptr || parent->parent == nullptr ? own : path_of(*parent) + "/" + own;
}

std::expected<std::unique_ptr<Element>, Unreadable> parse_document(std::string_view bytes) {
  const auto text = decode(bytes);
  if (!text) return std::unexpected(text.error());
  pugi::xml_document document;
  const auto result = document.load_buffer(
      text->data(), text->size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  if (result.status == pugi::status_no_document_element)
    return unreadable(1, "this is no XML", kAskForClpConf);
  if (!result)
    return unreadable(line_at(*text, static_cast<size_t>(result.offset)), broken(result, *text),
                      kAskForClpConf);
  for (const pugi::xml_node& node : document.children())
    if (node.type() == pugi::node_doctype)
      return unreadable(line_at(*text, text->find("<!DOCTYPE")),
                        "there is a document type definition, which no clp.conf has",
                        kAskForClpConf);
  const pugi::xml_node top = document.document_element();
  Builder builder(*text);
  auto root = std::make_unique<Element>();  // its children point to it
  builder.build(top, *root, 0);
  if (builder.problem()) return std::unexpected(*builder.problem());
  return root;
}

}  // namespace tasuki::clp
