// tasukid's end of the connection to the keeper: one coroutine per request, handlers for what
// happens by itself. Everything is called on the io_context's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/process/protocol.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::process {

// What one process says and how it ends. `exited` is called once at most, after its last output.
struct ProcessHandlers {
  std::function<void(const Exited&)> exited;
  std::function<void(const std::string& line)> output;
};

class KeeperClient {
 public:
  explicit KeeperClient(asio::io_context& context,
                        std::string socket_path = std::string(kDefaultKeeperSocket));
  KeeperClient(const KeeperClient&) = delete;
  KeeperClient& operator=(const KeeperClient&) = delete;
  // Destroy it when no coroutine waits in it any more.
  ~KeeperClient();

  // Called when the keeper or the connection is gone.
  void on_loss(std::function<void(const std::string& why)> handler);
  // Called with every line that a process of a group prints, whether it is watched or not.
  void on_output(std::function<void(const Output&)> handler);

  // Connects, and again after a loss, and asks what runs. To be called before anything else.
  Task<Result<HelloReply>> hello();

  Task<Result<void>> open_group(OpenGroup group);
  Task<Result<void>> close_group(std::string group);
  // Finds out who its user is; success means that the program was executed. Watch the process
  // before, or its end may be missed.
  Task<Result<SpawnReply>> spawn(Spawn spawn);
  // Success means that nothing of the process is left; fine when there was none.
  Task<Result<StopReply>> stop(Stop stop);
  Task<Result<void>> kill_group(std::string group);

  // Renews the right to own groups until `from` + `lease`, where `from` is when the message was
  // sent that came back through the ring. A lease of zero: nothing is owned. A refusal is logged.
  void lease(Moment from, milliseconds lease, milliseconds release);
  void reset(std::string reason);

  // A subscription to one process; ends when destroyed. The client must outlive it.
  class Watch {
   public:
    Watch() = default;
    Watch(KeeperClient& client, ProcessName name, uint64_t serial)
        : client_(&client), name_(std::move(name)), serial_(serial) {}
    Watch(Watch&& other) noexcept { *this = std::move(other); }
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { reset(); }
    void reset();

   private:
    KeeperClient* client_ = nullptr;
    ProcessName name_;
    uint64_t serial_ = 0;
  };
  // One watch for each process; a newer one takes the place of the older.
  [[nodiscard]] Watch watch(ProcessName name, ProcessHandlers handlers);

  // The pid of a process whose main process runs, as far as the keeper has told.
  [[nodiscard]] std::optional<pid_t> find_running(const ProcessName& name) const;

 private:
  struct Connection;
  struct Pending;
  struct Watched {
    uint64_t serial = 0;
    std::shared_ptr<const ProcessHandlers> handlers;
  };

  Result<void> connect();
  Task<Result<Answer>> ask(Operation operation, milliseconds limit);
  template <class Wanted>
  Task<Result<Wanted>> ask_for(Operation operation, milliseconds limit);
  Result<void> send(const Request& request);
  // Coroutines of a connection hold it, so that it outlives its place in the client.
  static Task<void> read_packets(KeeperClient& client, std::shared_ptr<Connection> connection);
  void take(const std::string& packet);
  void on(const Reply& reply);
  void on(const Event& event);
  void on(const Exited& exited);
  void on(const Output& output);
  void lose(const std::string& why);
  [[nodiscard]] std::shared_ptr<const ProcessHandlers> handlers_of(const ProcessName& name) const;

  asio::io_context& context_;
  std::string socket_path_;
  std::function<void(const std::string& why)> on_loss_;
  std::function<void(const Output&)> on_output_;
  std::shared_ptr<Connection> connection_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, std::shared_ptr<Pending>> pending_;
  std::map<ProcessName, Watched> watched_;
  std::map<ProcessName, pid_t> running_;
  // Several, so that one user's directory that hangs keeps nobody else waiting.
  asio::thread_pool user_lookups_{4};
};

}  // namespace tasuki::process
