#include "shard/supervise/silence.hpp"

#include <algorithm>
#include <utility>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

using std::chrono::milliseconds;

constexpr int kLooks = 8;
constexpr milliseconds kShortestInterval{50};

}  // namespace

Silence::Silence(milliseconds limit, OutputWatch watch, pid_t init, sys::Clock::time_point started_at)
    : limit_(limit), watch_(std::move(watch)), init_(init), last_output_(started_at), next_look_(started_at) {
  last_output_ += watch_.look(init_).unseen;  // what was written before is not the command's
  set_next_look();
}

void Silence::set_next_look() noexcept {
  const auto now = sys::Clock::now();
  const auto interval = std::max(limit_ / kLooks, kShortestInterval);
  next_look_ = sys::Deadline(std::min(now + interval, last_output_ + limit_));
}

bool Silence::broken(Announcer& announcer) {
  if (!next_look_.passed()) return false;
  const auto seen = watch_.look(init_);
  const auto now = sys::Clock::now();
  if (seen.blind_for != 0) say_blind_for(seen.blind_for, announcer);
  if (seen.wrote || seen.blind_for != 0) last_output_ = now + seen.unseen;
  if (now >= last_output_ + limit_) return true;
  set_next_look();
  return false;
}

void Silence::postpone(sys::Clock::duration pause) noexcept {
  last_output_ += pause;
  next_look_.postpone(pause);
}

void Silence::say_blind_for(pid_t process, Announcer& announcer) {
  if (std::exchange(said_blind_, true)) return;
  inspect::PatientReads reads(
      1, [process](std::size_t) { return sys::status_field(process, "Name").value_or("gone"); });
  const auto name = reads.take().front();
  announcer.announce(
      fmt::format("--silence can't see whether pid {} ({}) writes anything, and takes it that it does",
                  process, sys::escape(name.value_or("?"))));
}

}  // namespace nslaunch::shard
