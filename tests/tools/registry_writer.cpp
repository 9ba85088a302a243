// Writers that set values of a registry key all the time, each its own value to 1, 2, 3..., over
// the control socket of the node it runs on. Of each set that was acknowledged a line "NAME NUMBER"
// is printed, before it the line "NAME ?NUMBER" when it is asked for. With --seconds it measures
// instead, and prints how many sets were acknowledged in a second and how long they took.
#include <algorithm>
#include <csignal>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "kit/json.hpp"
#include "kit/task.hpp"

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tasuki::Json;
using tasuki::Task;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
using Local = asio::local::stream_protocol;

struct Run {
  std::string socket = "/run/tasuki/control.sock";
  std::string key;
  std::string name = "writer";
  unsigned writers = 1;
  size_t bytes = 0;  // of each value, when it is measured
  double seconds = 0;
  bool ended = false;
  std::vector<double> latencies;
};

void say(const std::string& line) {
  // One write(2) for each line, so that none is lost or torn when the machine dies.
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
}

// Whether the answer came and was good.
Task<bool> post(beast::basic_stream<Local, asio::any_io_executor>& stream,
                const std::string& body) {
  http::request<http::string_body> request(http::verb::post, "/v1/registry", 11);
  request.set(http::field::host, "localhost");
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  boost::system::error_code problem;
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, problem));
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (!problem)
    co_await http::async_read(stream, buffer, response,
                              asio::redirect_error(asio::use_awaitable, problem));
  if (problem) stream.close();
  co_return !problem && response.result_int() == 200;
}

Task<void> write_values(Run& run, unsigned writer) {
  const std::string name = fmt::format("{}-{}", run.name, writer);
  const auto executor = co_await asio::this_coro::executor;
  beast::basic_stream<Local, asio::any_io_executor> stream(executor);
  asio::steady_timer pause(executor);
  for (uint64_t number = 1; !run.ended; ++number) {
    boost::system::error_code problem;
    if (!stream.socket().is_open())
      co_await stream.async_connect(Local::endpoint(run.socket),
                                    asio::redirect_error(asio::use_awaitable, problem));
    std::string data = std::to_string(number);
    if (data.size() < run.bytes) data.resize(run.bytes, '.');
    const Json set{{"key", run.key}, {"name", name}, {"data", Json::array({data})}};
    const std::string body = Json{{"changes", Json::array({Json{{"set", set}}})}}.dump();
    if (run.seconds == 0) say(fmt::format("{} ?{}\n", name, number));
    const auto begin = Clock::now();
    if (!problem && co_await post(stream, body)) {
      run.latencies.push_back(Milliseconds(Clock::now() - begin).count());
      if (run.seconds == 0) say(fmt::format("{} {}\n", name, number));
      continue;
    }
    if (problem) stream.close();
    pause.expires_after(std::chrono::milliseconds(20));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  Run run;
  CLI::App app("Sets values of a registry key all the time");
  app.add_option("KEY", run.key, "the key")->required();
  app.add_option("--name", run.name, "how its values' names begin");
  app.add_option("--writers", run.writers, "how many set values at once");
  app.add_option("--seconds", run.seconds, "measure for so long");
  app.add_option("--bytes", run.bytes, "of each value");
  app.add_option("--socket", run.socket, "of tasukid");
  CLI11_PARSE(app, argc, argv);

  asio::io_context io(1);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([](auto cancelled, int) {
    if (!cancelled) std::_Exit(EXIT_SUCCESS);
  });
  asio::steady_timer end(io);
  if (run.seconds > 0) {
    end.expires_after(
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(run.seconds)));
    end.async_wait([&](auto) {
      run.ended = true;
      signals.cancel();
    });
  }
  for (unsigned writer = 0; writer < run.writers; ++writer)
    asio::co_spawn(io, write_values(run, writer), asio::detached);
  io.run();
  std::ranges::sort(run.latencies);
  say(Json{{"writers", run.writers},
           {"per_second", static_cast<double>(run.latencies.size()) / run.seconds},
           {"median_ms", percentile(run.latencies, 0.5)},
           {"p99_ms", percentile(run.latencies, 0.99)}}
          .dump() +
      "\n");
}
