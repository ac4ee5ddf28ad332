#include "shard/supervise/announcer.hpp"

#include <poll.h>
#include <unistd.h>

#include <utility>

#include "sys/base/text.hpp"

namespace nslaunch::shard {

void Announcer::announce(std::string line) {
  log_("says: {}", sys::escape(line));
  unsaid_.push_back(std::move(line));
  pollfd stderr_takes = {STDERR_FILENO, POLLOUT, 0};
  while (!unsaid_.empty() && ::poll(&stderr_takes, 1, 0) != 0) {
    if (say_) say_(unsaid_.front());
    unsaid_.pop_front();
  }
}

void Announcer::announce_the_rest() {
  for (const auto& line : std::exchange(unsaid_, {})) {
    if (say_) say_(line);
  }
}

}  // namespace nslaunch::shard
