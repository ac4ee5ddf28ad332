#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "bench/contestants.hpp"
#include "bench/setup.hpp"

namespace nslaunch::bench {

/// The command that the scenarios keep alive: forks `count` children that wait for ever,
/// writes one byte to `ready` when all are up, and waits too. Ends by itself after a minute
/// or two, so that nothing can be left behind for long.
int run_as_forest(std::size_t count, int ready);

/// Several live contestants, each with a forest inside.
class Forests {
 public:
  Forests();
  Forests(const Forests&) = delete;
  Forests& operator=(const Forests&) = delete;
  /// Kills launchers and all below them.
  ~Forests();

  /// Starts one more and returns its launcher's pid.
  pid_t plant(const Setup& setup, const Role& role, const Contestant& contestant, std::size_t processes);
  /// Waits until every forest is complete.
  void wait_until_up();
  Child& launcher(std::size_t index) { return launchers_[index]; }

 private:
  UniqueFd ready_;
  UniqueFd inherited_;  ///< what the forests write to: the one descriptor that is not close-on-exec
  std::vector<Child> launchers_;
};

}  // namespace nslaunch::bench
