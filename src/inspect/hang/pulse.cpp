#include "inspect/hang/pulse.hpp"

#include <cstdlib>

#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

std::optional<Pulse> pulse_of(pid_t pid) {
  const auto state = sys::status_field(pid, "State").value_or("X").front();
  if (state == 'Z' || state == 'X') return std::nullopt;
  const auto count = [&](const char* name) {
    return std::strtoull(sys::status_field(pid, name).value_or("0").c_str(), nullptr, 10);
  };
  return Pulse{state, count("voluntary_ctxt_switches") + count("nonvoluntary_ctxt_switches")};
}

bool goes_on(const Pulse& before, const Pulse& now) noexcept {
  return now.state == 'R' || now.switches != before.switches;
}

}  // namespace nslaunch::inspect
