#include "cluster/api/contract.hpp"

namespace tasuki::api {

std::span<const Route> control_routes() {
  static const Route kRoutes[] = {
      {Method::get, "/v1/status", Access::read},
      {Method::post, "/v1/groups/{name}/start", Access::act},
      {Method::post, "/v1/groups/{name}/stop", Access::act},
      {Method::post, "/v1/groups/{name}/move", Access::act},
      {Method::post, "/v1/groups/{name}/retry", Access::act},
      {Method::post, "/v1/groups/{name}/accept-settings", Access::act},
      {Method::get, "/v1/groups/{name}/environment", Access::read},
      {Method::post, "/v1/groups/{name}/suspend", Access::act},
      {Method::post, "/v1/groups/{name}/resume", Access::act},
      {Method::post, "/v1/nodes/{name}/standby", Access::act},
      {Method::post, "/v1/nodes/{name}/resume", Access::act},
      {Method::post, "/v1/nodes/{name}/confirm-down", Access::act},
      {Method::post, "/v1/lock", Access::act},
      {Method::post, "/v1/unlock", Access::act},
      {Method::post, "/v1/watches", Access::act},
      {Method::get, "/v1/watches/{id}", Access::read},
      {Method::post, "/v1/watches/{id}/kill", Access::act},
      {Method::post, "/v1/watches/{id}/pause", Access::act},
      {Method::post, "/v1/watches/{id}/continue", Access::act},
      {Method::get, "/v1/services", Access::read},
      {Method::post, "/v1/services/{name}/start", Access::act},
      {Method::post, "/v1/services/{name}/stop", Access::act},
      {Method::post, "/v1/messages", Access::act},
      {Method::get, "/v1/backups", Access::read},
      {Method::get, "/v1/registry", Access::read},
      {Method::post, "/v1/registry", Access::act},
      {Method::get, "/v1/registry/follow", Access::read},
      {Method::get, "/v1/files", Access::read},
      {Method::get, "/v1/config", Access::read},
      {Method::post, "/v1/config", Access::act},
      {Method::get, "/v1/config/history", Access::read},
      {Method::get, "/v1/config/{counter}", Access::read},
      {Method::get, "/v1/events", Access::read},
      {Method::get, "/v1/events/follow", Access::read},
      {Method::get, "/v1/timeline", Access::read},
      {Method::get, "/v1/explain/{name}", Access::read},
      {Method::get, "/v1/log", Access::read},
  };
  return kRoutes;
}

std::string_view method_name(Method method) {
  return method == Method::get ? "GET" : "POST";
}

Exit exit_for_status(unsigned status) {
  if (status < 400) return Exit::ok;
  switch (status) {
    case 403:
    case 409:
    case 503:
      return Exit::refused;
    case 404:
      return Exit::unknown;
    case 504:
      return Exit::time_ran_out;
    default:
      return Exit::failed;
  }
}

}  // namespace tasuki::api
