#include "registry/place/as_user.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::registry {
namespace {

/// The user owns the directory and the processes: no group is needed.
constexpr gid_t kNoGroup = 65534;

constexpr std::chrono::seconds kOpenLimit{3};

}  // namespace

std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work,
                    const std::vector<int>& used) {
  if (user == ::geteuid()) return work();
  const auto answered = [&] { return sys::Answer{work()}; };
  return sys::as_user(user, kNoGroup, {}, limit, answered, sys::Signals::kWait, used).text;
}

sys::Fd open_in(int directory, const std::function<sys::Fd()>& open) {
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return {};
  if (::geteuid() != 0 || status.st_uid == 0) return open();
  return sys::open_in_child(status.st_uid, kOpenLimit, open, {directory});
}

std::string command_as(uid_t user, std::vector<std::string> words) {
  if (user != ::geteuid())
    words.insert(words.begin(), {"setsid", "-w", "setpriv", fmt::format("--reuid={}", user),
                                 fmt::format("--regid={}", kNoGroup), "--clear-groups"});
  return sys::shell_quote(words);
}

}  // namespace nslaunch::registry
