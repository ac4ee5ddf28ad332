#include <nslaunch/fleet_display.hpp>

#include <vector>

#include "run/fleet/fleet.hpp"
#include "run/report/fleet_json.hpp"
#include "run/show/display.hpp"

namespace nslaunch {

FleetResult run_fleet(const FleetSpec& spec, std::span<FleetObserver* const> observers) {
  run::ResultFiles result_files;
  std::vector<FleetObserver*> all{&result_files};
  all.insert(all.end(), observers.begin(), observers.end());
  run::Outlet everything_at_once;
  return run::run_parts(spec, all, everything_at_once);
}

FleetResult show_fleet(const FleetSpec& spec, const DisplaySettings& settings,
                       std::span<FleetObserver* const> observers) {
  run::ResultFiles result_files;
  run::Display display(settings);
  std::vector<FleetObserver*> all{&display, &result_files};
  all.insert(all.end(), observers.begin(), observers.end());
  return run::run_parts(spec, all, display);
}

}  // namespace nslaunch
