// What handlers of the control API take and give: one request, one answer, or a stream of events.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <sys/types.h>

#include "cluster/api/contract.hpp"
#include "kit/json.hpp"
#include "kit/task.hpp"

namespace tasuki::api {

struct Request {
  Method method = Method::get;
  std::map<std::string, std::string> parameters;  // the path's, by the name in braces
  std::map<std::string, std::string> query;
  Json body = Json::object();  // an empty object when none was sent
  uid_t peer_uid = 0;          // from the kernel (SO_PEERCRED, unix(7))
};

struct Response {
  unsigned status = 200;  // RFC 9110 15
  Json body = Json::object();
};

// {"error": sentence, "exit": the exit code of a program that gives up because of it}.
Response error_response(unsigned status, const std::string& sentence);

// One reader of a stream of events.
class EventWriter {
 public:
  EventWriter() = default;
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  virtual ~EventWriter() = default;

  // False when the reader has gone, or took nothing for a while: then the stream is over.
  virtual Task<bool> send(Json event) = 0;
};

// A Json exception that leaves a handler says that the request's body has the wrong shape (400).
using Handler = std::function<Task<Response>(Request)>;
// Is cancelled when the reader goes or the server stops; returning ends the stream.
using StreamHandler = std::function<Task<void>(Request, EventWriter&)>;

}  // namespace tasuki::api
