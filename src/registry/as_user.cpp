#include "registry/as_user.hpp"

#include <unistd.h>

#include "sys/as_user.hpp"

namespace nslaunch::registry {
namespace {

/// The user owns the folder and the processes: no group is needed.
constexpr gid_t kNoGroup = 65534;

}  // namespace

std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work,
                    const std::vector<int>& used) {
  if (user == ::geteuid()) return work();
  const auto answered = [&] { return sys::Answer{work()}; };
  return sys::as_user(user, kNoGroup, {}, limit, answered, sys::Signals::kWait, used).text;
}

}  // namespace nslaunch::registry
