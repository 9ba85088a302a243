// One client's connection: reads a request, has it answered, writes the
// answer, and again, within limits on size and time.
#pragma once

#include <optional>
#include <sys/types.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "cluster/api/router.hpp"

namespace tasuki::api {

class Connection {
 public:
  // `peer` is the user at the other end, as the kernel says.
  Connection(asio::generic::stream_protocol::socket socket, uid_t peer);

  // Serves requests until the client goes, breaks a limit, or finish() is called.
  Task<void> run(const Router& router);

  // No further request: an idle connection or a stream ends at once, a request that is being
  // handled is answered first.
  void finish();

  [[nodiscard]] uid_t peer() const { return peer_; }

 private:
  using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

  // Nothing when the connection is over; a request that breaks the rules has been answered then.
  Task<std::optional<HttpRequest>> read_request();
  Task<bool> answer(const HttpRequest& http, const Router& router);
  Task<bool> write(const Response& response, bool keep_alive);
  Task<void> stream_events(const StreamHandler& handler, Request request);

  boost::beast::basic_stream<asio::generic::stream_protocol> stream_;
  boost::beast::flat_buffer buffer_;
  uid_t peer_;
  bool answering_ = false;
  bool finishing_ = false;
};

}  // namespace tasuki::api
