#include "shard/wire/fault.hpp"

#ifdef NSLAUNCH_FAULTS

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::shard {

void fault_point(Step step) {
  const char* wanted = std::getenv("NSLAUNCH_FAULT");
  if (wanted == nullptr) return;
  std::string_view fault(wanted);
  const std::string_view name = row(step).name;
  if (!fault.starts_with(name) || fault.substr(name.size(), 1) != ":") return;
  fault.remove_prefix(name.size() + 1);
  constexpr std::string_view kPause = "pause:";
  if (!fault.starts_with(kPause)) {
    throw Error(sys::errno_code(sys::whole_number<int>(fault).value_or(EINVAL)),
                "a fault injected by a test");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  const int fd = sys::whole_number<int>(fault.substr(kPause.size())).value_or(-1);
  const auto written = ::write(fd, pid.data(), pid.size());
  if (written < 0 && errno == EPIPE) return;  // the reader is gone
  if (written < 0) ::_exit(1);
  pollfd reader = {fd, 0, 0};
  while ((reader.revents & POLLERR) == 0) ::poll(&reader, 1, -1);
}

}  // namespace nslaunch::shard

#endif
