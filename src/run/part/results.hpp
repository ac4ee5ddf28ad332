#pragma once

#include <nslaunch/fleet.hpp>

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "run/part/schedule.hpp"

namespace nslaunch::run {

/// What has become of a fleet's parts so far.
class Results {
 public:
  /// `spec` must outlive it.
  explicit Results(const FleetSpec& spec);

  /// The one that an attempt belongs to. It stays where it is.
  PartResult& part_of(const Turn& turn);
  /// Its last attempt was `turn`. Returns whether it has passed.
  bool settle(const Turn& turn, PartResult& part);
  /// Of one that is settled and has passed keeps no more than that: a run without end has no room for all.
  void only_count(const Turn& turn);

  void ended_by(FleetEnd end) noexcept { result_.end = end; }
  void ended_by_signal(int signal) noexcept { signal_ = signal; }
  /// The last one; 0: none.
  int signal() const noexcept { return signal_; }
  /// All of it, in order, with those that have never run. The wall time is for the caller to say.
  FleetResult take();

 private:
  /// Repetition and place in FleetSpec::parts: in the order that the result has.
  using Key = std::pair<unsigned, std::size_t>;

  const FleetSpec& spec_;
  std::map<Key, PartResult> parts_;
  FleetResult result_;
  int signal_ = 0;
};

/// What is to be reported of a fleet of which nothing could be run for `error`.
FleetResult refused_fleet(const FleetSpec& spec, const std::string& error);

}  // namespace nslaunch::run
