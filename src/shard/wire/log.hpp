#pragma once

#include <nslaunch/run.hpp>

#include <csignal>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::shard {

/// What a message says, in a few words: "forward a signal: TERM".
std::string describe(const Message& message);

/// A child's change of state: "process 4: exit status 3".
std::string describe(const siginfo_t& child);

/// The launcher's log of what it and init do with one shard (Messages::log). Costs nothing if logging is off.
class Log {
 public:
  Log() = default;
  Log(std::string shard, std::function<void(const LogEntry&)> write)
      : shard_(std::move(shard)), write_(std::move(write)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(write_); }
  template <typename... Args>
  void operator()(fmt::format_string<Args...> text, Args&&... args) const {
    if (write_) write(fmt::format(text, std::forward<Args>(args)...));
  }
  void sent(const Message& message) const;
  /// A Kind::kLog is init's own entry.
  void received(const Message& message) const;

 private:
  void write(const std::string& text) const;

  std::string shard_;
  std::function<void(const LogEntry&)> write_;
};

/// The payload of a Kind::kLog with the current time.
std::string pack_log_entry(std::string_view text);

}  // namespace nslaunch::shard
