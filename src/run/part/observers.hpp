#pragma once

#include <nslaunch/fleet_events.hpp>

#include <exception>
#include <span>

namespace nslaunch::run {

/// Passes each event to all observers. What one throws becomes a FleetNotice for all of them.
class Observers {
 public:
  /// They must outlive it.
  explicit Observers(std::span<FleetObserver* const> all) noexcept : all_(all) {}

  template <class Event>
  void notify(void (FleetObserver::*method)(const Event&), const Event& event) const {
    for (auto* observer : all_) {
      try {
        (observer->*method)(event);
      } catch (const std::exception& error) {
        has_failed(error);
      }
    }
  }
  bool want_trace() const;
  bool want_log() const;

 private:
  void has_failed(const std::exception& error) const noexcept;

  std::span<FleetObserver* const> all_;
};

}  // namespace nslaunch::run
