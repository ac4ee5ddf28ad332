#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace nslaunch::shard {

/// Says lines on stderr without ever waiting for its reader: the command that filled a pipe may be what
/// must be ended. What stderr does not take is said later.
class Announcer {
 public:
  /// `say` writes one line to stderr; may be empty.
  explicit Announcer(const std::function<void(std::string_view)>& say) : say_(say) {}

  void announce(std::string line);
  /// Waits for the reader, if need be.
  void announce_the_rest();

 private:
  const std::function<void(std::string_view)>& say_;
  std::deque<std::string> unsaid_;
};

}  // namespace nslaunch::shard
