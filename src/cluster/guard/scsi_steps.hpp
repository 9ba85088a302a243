// Runs a call that talks to a fake logical unit one command at a time, for tests of what happens
// when others act, or the node dies, between any two commands.
//
// There are no threads: each step runs the call from its beginning, gives it the answers that it
// had, and stops it at the command after the next. So a call under way is a value, and every
// possible order of two calls can be tried by copying.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cluster/guard/scsi_fake.hpp"
#include "cluster/guard/scsi_reservation.hpp"

namespace tasuki::guard {

using AnyAnswer = std::variant<ScsiAnswer<Keys>, ScsiAnswer<std::optional<Holder>>,
                               ScsiAnswer<Capabilities>, ScsiAnswer<void>>;

inline std::string text_of(const AnyAnswer& answer) {
  struct Text {
    std::string operator()(const Keys& keys) const {
      std::string text = fmt::format("{}:", keys.generation);
      for (const ReservationKey key : keys.keys) text += fmt::format(" {:#x}", key.value);
      return text;
    }
    std::string operator()(const std::optional<Holder>& holder) const {
      return holder ? fmt::format("{:#x}/{}", holder->key.value, std::to_underlying(holder->type))
                    : "free";
    }
    std::string operator()(const Capabilities& capabilities) const {
      return fmt::format("{}{}", capabilities.aptpl, capabilities.wero);
    }
  };
  return std::visit(
      [](const auto& given) {
        if (!given) return given.error().what;
        if constexpr (std::is_same_v<decltype(given), const ScsiAnswer<void>&>)
          return std::string("done");
        else
          return Text()(*given);
      },
      answer);
}

// What a call was told so far.
class Conversation {
 public:
  struct Stopped {};

  void begin_step() {
    told_again_ = 0;
    asked_anew_ = false;
  }

  template <class T, class Command>
  ScsiAnswer<T> say(const Command& command) {
    if (told_again_ == answers_.size()) {
      if (asked_anew_) throw Stopped();
      asked_anew_ = true;
      answers_.push_back(ScsiAnswer<T>(command()));
    }
    return std::get<ScsiAnswer<T>>(answers_[told_again_++]);
  }

  [[nodiscard]] std::string describe() const {
    std::string text;
    for (const AnyAnswer& answer : answers_) text += text_of(answer) + "\n";
    return text;
  }
  [[nodiscard]] size_t commands() const { return answers_.size(); }

 private:
  std::vector<AnyAnswer> answers_;
  size_t told_again_ = 0;
  bool asked_anew_ = false;
};

class SteppedPath final : public ScsiPath {
 public:
  SteppedPath(Conversation& conversation, FakeLun& lun, const std::string& nexus)
      : conversation_(conversation), path_(lun, nexus) {}

  [[nodiscard]] const std::string& name() const override { return path_.name(); }
  ScsiAnswer<Keys> read_keys() override {
    return conversation_.say<Keys>([this] { return path_.read_keys(); });
  }
  ScsiAnswer<std::optional<Holder>> read_reservation() override {
    return conversation_.say<std::optional<Holder>>([this] { return path_.read_reservation(); });
  }
  ScsiAnswer<Capabilities> report_capabilities() override {
    return conversation_.say<Capabilities>([this] { return path_.report_capabilities(); });
  }
  ScsiAnswer<void> reserve_out(const ReserveOut& out) override {
    return conversation_.say<void>([&] { return path_.reserve_out(out); });
  }
  ScsiAnswer<std::string> logical_unit_id() override { return path_.logical_unit_id(); }

 private:
  Conversation& conversation_;
  FakePath path_;
};

// One call under way.
template <class T>
class Steps {
 public:
  using Call = std::function<T(ScsiPaths)>;

  Steps(std::vector<std::string> nexuses, Call call)
      : nexuses_(std::move(nexuses)), call_(std::move(call)) {}

  // Carries out one more command, and what the call does then until the next one.
  void step(FakeLun& lun) {
    std::vector<std::unique_ptr<ScsiPath>> paths;
    for (const std::string& nexus : nexuses_)
      paths.push_back(std::make_unique<SteppedPath>(conversation_, lun, nexus));
    conversation_.begin_step();
    try {
      result_ = call_(paths);
    } catch (const Conversation::Stopped&) {
      result_.reset();
    }
  }

  // What the call gave, once it has ended.
  [[nodiscard]] const std::optional<T>& result() const { return result_; }
  [[nodiscard]] size_t commands() const { return conversation_.commands(); }
  [[nodiscard]] std::string describe() const {
    return conversation_.describe() + (result_ ? "ended" : "under way");
  }

 private:
  std::vector<std::string> nexuses_;
  Call call_;
  Conversation conversation_;
  std::optional<T> result_;
};

}  // namespace tasuki::guard
