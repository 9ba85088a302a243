// The engine of a cluster of one node: always a majority, and what is said comes back in order.
#include "cluster/membership/engine.hpp"
#include "kit/assert.hpp"

namespace tasuki::membership {
namespace {

class SoloEngine final : public Engine {
 public:
  SoloEngine(asio::io_context& context, core::NodeId self)
      : context_(context), self_(self), events_(std::make_shared<EngineEvents>()) {}
  SoloEngine(const SoloEngine&) = delete;
  SoloEngine& operator=(const SoloEngine&) = delete;
  ~SoloEngine() override = default;

  void start(EngineEvents events) override {
    *events_ = std::move(events);
    post([self = self_](const EngineEvents& listener) {
      listener.membership_changed({RingId{self.value, 1}, true, {self}, {self}});
    });
  }

  void send(std::string message) override {
    TASUKI_ASSERT(message.size() <= kMessageBytesMax);
    post([self = self_, said = std::move(message)](const EngineEvents& listener) {
      listener.delivered(self, said);
    });
  }

  void judge(const QuorumChanged&) override {}

 private:
  // Runs later, unless the engine is destroyed before.
  template <class Function>
  void post(Function function) {
    asio::post(context_, [alive = std::weak_ptr(events_), call = std::move(function)] {
      if (const auto events = alive.lock()) call(*events);
    });
  }

  asio::io_context& context_;
  core::NodeId self_;
  std::shared_ptr<EngineEvents> events_;  // shared so that posted calls know whether we live
};

}  // namespace

std::unique_ptr<Engine> make_solo_engine(asio::io_context& context, core::NodeId self) {
  return std::make_unique<SoloEngine>(context, self);
}

}  // namespace tasuki::membership
