// Durations, sizes, signals and parts of a whole, as options have them.
#include <nslaunch/engine.hpp>

#include <climits>
#include <optional>

#include "input.hpp"
#include "sys/base/values.hpp"

namespace {

using namespace nslaunch;
using std::chrono::milliseconds;

void try_duration(const std::string& text) {
  const auto duration = sys::parse_duration(text);
  if (!duration) return;
  fuzz::require(duration->count() >= 0 && *duration <= std::chrono::hours(24 * 3650),
                "a duration is at most 10 years");
  const auto written = std::to_string(duration->count()) + "ms";
  fuzz::require(sys::parse_duration(written) == duration, "a duration is the same in milliseconds");
  sys::format_duration(*duration);
}

void try_size(const std::string& text) {
  const auto size = sys::parse_size(text);
  if (!size) return;
  fuzz::require(*size <= LLONG_MAX, "a size is one that a file can have");
  fuzz::require(sys::parse_size(std::to_string(*size)) == size, "a size is the same in bytes");
  sys::format_size(*size);
}

void try_signal(const std::string& text) {
  const auto signal = sys::parse_signal(text);
  if (!signal) return;
  fuzz::require(*signal > 0 && *signal <= 64, "a signal has a number from 1 to 64");
  const auto name = sys::signal_name(*signal);
  if (name.starts_with("SIG")) fuzz::require(sys::parse_signal(name) == signal, "a signal's name means it");
}

void try_part(const std::string& text) {
  std::optional<ShardNumber> part;
  if (!fuzz::works([&] { part = parse_shard(text); })) return;
  fuzz::require(part->index >= 1 && part->index <= part->total, "a part is one of those that there are");
  const auto written = std::to_string(part->index) + "/" + std::to_string(part->total);
  fuzz::require(parse_shard(written) == *part, "a part is the same when it is written again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::Input(data, size).text();
  try_duration(text);
  try_size(text);
  try_signal(text);
  try_part(text);
  return 0;
}
