// What every verb works with, and how it asks tasukid.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cluster/api/client.hpp"
#include "cluster/api/contract.hpp"
#include "cluster/cli/terminal.hpp"

namespace tasuki::cli {

inline constexpr const char* kControlSocket = "/run/tasuki/control.sock";

struct Context {
  Terminal& terminal;
  std::string socket_path = kControlSocket;
  api::Exit exit = api::Exit::ok;  // how the program ends

  [[nodiscard]] api::Client client() const { return api::Client(socket_path); }

  // Says what went wrong and sets the exit code.
  void fail(api::Exit code, std::string_view sentence);

  // The body of a good answer. Otherwise what went wrong has been told and the exit code is set.
  std::optional<Json> accept(const Result<api::Reply>& reply);

  void print_json(const Json& value);
};

}  // namespace tasuki::cli
