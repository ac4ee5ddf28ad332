#include "inspect/standstill.hpp"

#include <cstdlib>

#include "inspect/details.hpp"
#include "sys/check.hpp"
#include "sys/procfs.hpp"
#include "sys/text.hpp"

namespace nslaunch::inspect {
namespace {

std::string in_words(const sys::ProcessStat& stat) {
  return fmt::format("pid {} ({})", stat.pid, sys::escape(stat.comm));
}

Standstill traced(const sys::ProcessStat& stat) {
  const pid_t tracer = std::atoi(sys::status_field(stat.pid, "TracerPid").value_or("0").c_str());
  const auto about = sys::read_stat(tracer);
  return {fmt::format("{} is held by its tracer, {}", in_words(stat),
                      about ? in_words(*about) : std::string("who can't be seen from here")),
          about ? fmt::format("To end the tracer, which lets it go on: kill -KILL {}", tracer)
                : std::string("End the debugger or strace that is attached to it.")};
}

std::optional<Standstill> find_standstill(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  if (!stat) return std::nullopt;
  if (stat->state == 't') return traced(*stat);
  if (stat->state == 'T') {
    return Standstill{in_words(*stat) + " is stopped by a signal",
                      fmt::format("To let it go on: kill -CONT {}", pid)};
  }
  const auto waits_in = wait_channel(pid);
  // __refrigerator for version 1 of control groups, do_freezer_trap for version 2.
  if (waits_in.find("refrigerator") != std::string::npos || waits_in.find("freezer") != std::string::npos) {
    return Standstill{in_words(*stat) + " is frozen by its control group",
                      fmt::format("Which one: cat /proc/{}/cgroup", pid)};
  }
  return std::nullopt;
}

std::optional<Standstill> find_sleep(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  if (!stat || stat->state != 'D') return std::nullopt;
  const auto waits_in = wait_channel(pid);
  return Standstill{fmt::format("{} is in uninterruptible sleep{}", in_words(*stat),
                                waits_in.empty() ? "" : " (" + sys::escape(waits_in) + ")"),
                    fmt::format("What it waits for, as root: cat /proc/{}/stack", pid)};
}

}  // namespace

std::optional<Standstill> standstill_of(pid_t pid) noexcept {
  try {
    return find_standstill(pid);
  } catch (...) {
    return std::nullopt;
  }
}

std::optional<Standstill> reason_for_silence(pid_t pid) noexcept {
  if (auto standstill = standstill_of(pid)) return standstill;
  try {
    return find_sleep(pid);
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace nslaunch::inspect
