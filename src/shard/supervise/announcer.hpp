#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "shard/wire/log.hpp"

namespace nslaunch::shard {

/// Prints lines to stderr without ever blocking on its reader: the command that filled a pipe may be the one
/// to be ended. What stderr does not accept is printed later.
class Announcer {
 public:
  /// `say` writes one line to stderr; may be empty.
  explicit Announcer(const std::function<void(std::string_view)>& say, Log log = {})
      : say_(say), log_(std::move(log)) {}

  void announce(std::string line);
  /// Prints what is left; waits for the reader if necessary.
  void announce_the_rest();

 private:
  const std::function<void(std::string_view)>& say_;
  Log log_;
  std::deque<std::string> unsaid_;
};

}  // namespace nslaunch::shard
