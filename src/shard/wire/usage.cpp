#include "shard/wire/usage.hpp"

#include <algorithm>

#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {
namespace {

std::chrono::microseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

std::string pack(const inspect::Unreaped& unreaped) {
  const auto& usage = unreaped.usage;
  return pack(std::vector<std::string>{std::to_string(unreaped.processes), std::to_string(usage.user.count()),
                                       std::to_string(usage.system.count()),
                                       std::to_string(usage.peak_memory)});
}

void take_unreaped(const std::string& payload, Outcome& outcome) {
  const auto numbers = unpack(payload);
  if (numbers.size() != 4) return;
  const auto killed = unpack_number(numbers[0]);
  const auto user = unpack_number(numbers[1]);
  const auto system = unpack_number(numbers[2]);
  const auto memory = unpack_number(numbers[3]);
  if (!killed || !user || !system || !memory) return;
  outcome.killed_count = static_cast<std::size_t>(*killed);
  outcome.usage = Usage{std::chrono::microseconds(*user), std::chrono::microseconds(*system),
                        static_cast<std::uint64_t>(*memory)};
}

void add(const rusage& reaped, Usage& usage) {
  usage.user += time_of(reaped.ru_utime);
  usage.system += time_of(reaped.ru_stime);
  usage.peak_memory = std::max(usage.peak_memory, static_cast<std::uint64_t>(reaped.ru_maxrss) * 1024);
}

}  // namespace nslaunch::shard
