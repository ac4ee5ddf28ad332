#include "run/engine/processors.hpp"

#include <sched.h>
#include <nslaunch/fleet.hpp>

#include <algorithm>
#include <sstream>
#include <string>

#include "sys/base/files.hpp"

namespace nslaunch {
namespace {

/// For a Node server with its tests; the memory left after that many is for the rest of the machine.
constexpr std::uint64_t kMemoryOfOne = std::uint64_t{512} << 20;

/// MemAvailable of /proc/meminfo, in bytes; empty if it is missing.
std::optional<std::uint64_t> available_memory() {
  std::istringstream lines(sys::read_file("/proc/meminfo").value_or(""));
  for (std::string name, rest; lines >> name; std::getline(lines, rest)) {
    std::uint64_t kibibytes = 0;
    if (name == "MemAvailable:" && lines >> kibibytes) return kibibytes << 10;
  }
  return std::nullopt;
}

}  // namespace

unsigned usable_processors() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

unsigned default_jobs() noexcept {
  const auto memory = available_memory();
  const auto fitting = memory ? *memory / kMemoryOfOne : 1024;
  return static_cast<unsigned>(std::clamp<std::uint64_t>(fitting, 1, usable_processors()));
}

namespace run {

std::vector<unsigned> allowed_processors() {
  cpu_set_t set;
  std::vector<unsigned> allowed;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return allowed;
  for (unsigned number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &set)) allowed.push_back(number);
  }
  return allowed;
}

std::vector<unsigned> share_of_processors(const std::vector<unsigned>& allowed, unsigned slot,
                                          unsigned each) {
  std::vector<unsigned> share;
  if (each == 0 || each >= allowed.size()) return share;
  for (unsigned offset = 0; offset < each; ++offset) {
    share.push_back(allowed[(std::size_t{slot} * each + offset) % allowed.size()]);
  }
  std::sort(share.begin(), share.end());
  return share;
}

}  // namespace run
}  // namespace nslaunch
