#pragma once

#include <optional>
#include <utility>

#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// The clone that makes init, retried as long as a slot for its namespaces may become free.
class Birth {
 public:
  /// Makes what init inherits. `plan` must outlive this. Throws Error.
  explicit Birth(const Plan& plan);

  /// Our end, later the shard's.
  int channel() const noexcept { return channel_.first.get(); }
  const sys::Deadline& next_try() const noexcept { return next_try_; }
  /// Empty if no slot is free yet. Throws Error. Does not return in init.
  std::optional<RunningShard> try_now(const Hooks& hooks);

 private:
  [[noreturn]] void be_init();

  const Plan& plan_;
  std::pair<sys::Fd, sys::Fd> channel_;
  std::pair<sys::Fd, sys::Fd> control_;  ///< empty if the plan wants none
  sys::Pidfd launcher_;
  sys::Deadline limit_;
  sys::Deadline next_try_;
};

}  // namespace nslaunch::shard
