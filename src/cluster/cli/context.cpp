#include "cluster/cli/context.hpp"

#include <cerrno>

namespace tasuki::cli {
namespace {

api::Exit exit_for_error(const Error& error) {
  switch (error.code) {
    case EACCES:
    case EPERM:
      return api::Exit::refused;
    case ETIMEDOUT:
      return api::Exit::time_ran_out;
    default:
      return api::Exit::unreachable;
  }
}

}  // namespace

void Context::fail(api::Exit code, std::string_view sentence) {
  terminal.complain(sentence);
  exit = code;
}

std::optional<Json> Context::accept(const Result<api::Reply>& reply) {
  if (!reply) {
    fail(exit_for_error(reply.error()), reply.error().what);
    return std::nullopt;
  }
  if (reply->status < 400) return reply->body;
  fail(api::exit_for_status(reply->status), reply->body.value("error", "tasukid gives no reason"));
  return std::nullopt;
}

void Context::print_json(const Json& value) {
  terminal.print(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace tasuki::cli
