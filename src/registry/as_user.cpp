#include "registry/as_user.hpp"

#include <unistd.h>

#include "sys/as_user.hpp"

namespace nslaunch::registry {
namespace {

/// The user owns the folder and the processes: no group is needed.
constexpr gid_t kNoGroup = 65534;

}  // namespace

std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work) {
  if (user == ::geteuid()) return work();
  return sys::as_user(user, kNoGroup, {}, limit, [&] { return sys::Answer{work()}; }).text;
}

}  // namespace nslaunch::registry
