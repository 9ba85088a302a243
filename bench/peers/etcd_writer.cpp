// Writers that put values into etcd all the time, each its own, and how many were acknowledged in a
// second: what tests/tools/registry_writer measures of Tasuki. Speaks etcd's own protocol, gRPC, one
// channel for all as its clients do.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* kPut = "/etcdserverpb.KV/Put";

// A field of bytes in a protocol buffer (its encoding's wire type 2), shorter than 128.
std::string bytes_field(char number, const std::string& value) {
  constexpr unsigned kLengthDelimited = 2;
  constexpr unsigned kTypeBits = 3;
  std::string field;
  field += static_cast<char>((static_cast<unsigned>(number) << kTypeBits) | kLengthDelimited);
  field += static_cast<char>(value.size());
  return field + value;
}

bool put(grpc::GenericStub& stub, const std::string& key, const std::string& value) {
  const std::string message = bytes_field(1, key) + bytes_field(2, value);
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  std::binary_semaphore done(0);
  grpc::Status status;
  stub.UnaryCall(&context, kPut, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status result) {
                   status = std::move(result);
                   done.release();
                 });
  done.acquire();
  return status.ok();
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted.empty() ? 0
                        : sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  std::string endpoint;
  unsigned writers = 1;
  double seconds = 10;
  CLI::App app("Puts values into etcd all the time");
  app.add_option("ENDPOINT", endpoint, "as 127.0.0.1:2379")->required();
  app.add_option("--writers", writers, "how many put values at once");
  app.add_option("--seconds", seconds, "for so long");
  CLI11_PARSE(app, argc, argv);

  grpc::GenericStub stub(grpc::CreateChannel(endpoint, grpc::InsecureChannelCredentials()));
  std::atomic<bool> ended = false;
  std::mutex mutex;
  std::vector<double> latencies;
  std::vector<std::jthread> threads;
  for (unsigned writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      std::vector<double> own;
      for (uint64_t number = 1; !ended; ++number) {
        const auto begin = Clock::now();
        if (put(stub, fmt::format("writer-{}", writer), std::to_string(number)))
          own.push_back(Milliseconds(Clock::now() - begin).count());
      }
      const std::lock_guard lock(mutex);
      latencies.insert(latencies.end(), own.begin(), own.end());
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  ended = true;
  threads.clear();
  std::ranges::sort(latencies);
  fmt::print("{{\"median_ms\":{},\"p99_ms\":{},\"per_second\":{},\"writers\":{}}}\n",
             percentile(latencies, 0.5), percentile(latencies, 0.99),
             static_cast<double>(latencies.size()) / seconds, writers);
}
