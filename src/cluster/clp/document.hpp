// A clp.conf as plain elements that know their lines. pugixml stays inside document.cpp.
#pragma once

#include <cstddef>
#include <expected>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::clp {

// Far above what such a file has: beyond them it is none, and costs neither memory nor time.
inline constexpr size_t kBytesMax = size_t{8} * 1024 * 1024;
inline constexpr size_t kElementsMax = 100'000;
inline constexpr int kDepthMax = 32;
inline constexpr size_t kKeyBytesMax = 255;

// Why the bytes are no clp.conf.
struct Unreadable {
  int line = 1;
  std::string what;
  std::string expected;
};

// Texts and keys are UTF-8 without control characters.
struct Element {
  std::string tag;
  std::string key;   // its attribute `name` or `id`, or empty
  std::string text;  // without blanks around it
  int line = 0;
  const Element* parent = nullptr;
  std::list<Element> children;
  // Whether somebody has looked at it, or has dealt with it and all that is below it.
  bool seen = false;
  bool settled = false;

  // nullptr when there is none; several of one tag: the first.
  [[nodiscard]] Element* find(std::string_view child);
  // The one at the end of such a path of tags: "mount/point".
  [[nodiscard]] Element* find_path(std::string_view path);
  [[nodiscard]] std::vector<Element*> find_all(std::string_view child);
  // The element at the end of the path, which is marked as seen; nullptr when there is none or it
  // has no text.
  Element* take(std::string_view path);
  // take() with what its text says, or "".
  std::string take_text(std::string_view path);
};

// "group@failover1/policy@server1/order", the form in which clpcfset and clpcfadm take it; the root
// is left out.
std::string path_of(const Element& element);

// The file's root. The character set is what its first line says, UTF-8 when it says nothing.
// Nothing is ever expanded or fetched: a document type definition is refused.
std::expected<std::unique_ptr<Element>, Unreadable> parse_document(std::string_view bytes);

}  // namespace tasuki::clp
