#include <array>
#include <memory>
#include <sys/random.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/verbs.hpp"
#include "kit/file.hpp"

namespace tasuki::cli {
namespace {

// The longest key that Corosync takes counts for nothing more, the shortest is 128
// (corosync-keygen(8)); getrandom(2) gives this many at once or none.
constexpr size_t kKeyBytes = 256;

Result<void> write_key(const std::string& path) {
  std::array<char, kKeyBytes> key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return errno_failure("getrandom");
  return create_private_file(path, {key.data(), key.size()});
}

void create_key(Context& context, const std::string& path) {
  const auto written = write_key(path);
  if (written)
    return context.terminal.print(fmt::format(
        "{} is made. Copy it to the same place on every node, readable by root alone.\n", path));
  if (written.error().code == EEXIST)
    return context.fail(api::Exit::failed,
                        path +
                            " is there already and is kept: nodes with different keys do not "
                            "hear each other. Remove it first if it is to be replaced");
  context.fail(api::Exit::failed, written.error().what);
}

}  // namespace

void add_key_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("key", "Make the key that the nodes encrypt with");
  family.require_subcommand(1);
  auto& create = *family.add_subcommand(
      "create", "Make a new key of 256 random bytes; an existing one is never overwritten");
  create.footer("tasuki key create");
  const auto path = std::make_shared<std::string>("/etc/tasuki/authkey");
  create.add_option("FILE", *path, "where, by default /etc/tasuki/authkey");
  create.callback([&context, path] { create_key(context, *path); });
}

}  // namespace tasuki::cli
