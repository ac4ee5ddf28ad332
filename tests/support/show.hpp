#pragma once

#include <sys/types.h>

#include <string>

#include "support/fleet_scene.hpp"
#include "support/pty.hpp"
#include "support/screen.hpp"

namespace nslaunch::test {

/// A fleet on a terminal, and what is to be seen there.
class Show {
 public:
  Show(const FleetScene& scene, const Words& words, PtySession::Size size = {24, 80},
       const Words& environment = {});

  /// Reads until the screen has a line that matches: of the block, or above it.
  void await(const std::string& pattern);
  void resize(PtySession::Size size);
  void press(char control) { session_.send(std::string(1, static_cast<char>(control & 0x1f))); }
  Result wait();
  const Screen& screen() const { return screen_; }
  /// All that is on it, for people.
  std::string text() const;

 private:
  void take();

  Screen screen_;
  PtySession session_;
  std::size_t written_ = 0;
};

/// Scripts of shards that say a word, then wait to be let go by the gate "gate".
Words waiting(std::size_t shards);

}  // namespace nslaunch::test
