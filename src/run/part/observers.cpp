#include "run/part/observers.hpp"

#include <algorithm>

namespace nslaunch::run {

bool Observers::want_trace() const {
  return std::any_of(all_.begin(), all_.end(), [](const auto* observer) { return observer->wants_trace(); });
}

bool Observers::want_log() const {
  return std::any_of(all_.begin(), all_.end(), [](const auto* observer) { return observer->wants_log(); });
}

/// A second failure here is ignored: no observer is left to report it to.
void Observers::has_failed(const std::exception& error) const noexcept {
  for (auto* observer : all_) {
    try {
      observer->fleet_notice({.kind = FleetNotice::Kind::kObserver, .text = error.what()});
    } catch (const std::exception&) {
      continue;
    }
  }
}

}  // namespace nslaunch::run
