#pragma once

#include <nslaunch/fleet.hpp>

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "run/part/schedule.hpp"

namespace nslaunch::run {

/// The results of a fleet's parts so far.
class Results {
 public:
  /// `spec` must outlive it.
  explicit Results(const FleetSpec& spec);

  /// The part that an attempt belongs to. The reference stays valid.
  PartResult& part_of(const Turn& turn);
  /// Settles the part, whose last attempt was `turn`. Returns whether it has passed.
  bool settle(const Turn& turn, PartResult& part);
  /// Keeps only the count of a settled part that has passed: an endless run has no room for all.
  void only_count(const Turn& turn);

  void ended_by(FleetEnd end) noexcept { result_.end = end; }
  void ended_by_signal(int signal) noexcept { signal_ = signal; }
  /// The last signal; 0 if none.
  int signal() const noexcept { return signal_; }
  /// The whole result, in order, including parts that never ran. The caller sets the wall time.
  FleetResult take();

 private:
  /// Repetition and index in FleetSpec::parts, in the order of the result.
  using Key = std::pair<unsigned, std::size_t>;

  const FleetSpec& spec_;
  std::map<Key, PartResult> parts_;
  FleetResult result_;
  int signal_ = 0;
};

/// The result to report for a fleet of which nothing could be run because of `error`.
FleetResult refused_fleet(const FleetSpec& spec, const std::string& error);

}  // namespace nslaunch::run
