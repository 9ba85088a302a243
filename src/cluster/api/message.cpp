#include "cluster/api/message.hpp"

namespace tasuki::api {

Response error_response(unsigned status, const std::string& sentence) {
  return {status, {{"error", sentence}, {"exit", static_cast<int>(exit_for_status(status))}}};
}

}  // namespace tasuki::api
