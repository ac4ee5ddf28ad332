#include "registry/place/as_user.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/process/accounts.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch {
namespace registry {
namespace {

constexpr std::chrono::seconds kOpenLimit{3};

}  // namespace

std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work,
                    const std::vector<int>& used) {
  if (user == ::geteuid()) return work();
  const auto answered = [&] { return sys::Answer{work()}; };
  const auto groups = sys::groups_of_user(user);
  return sys::as_user(user, groups.gid, groups.all, limit, answered, sys::Signals::kWait, used).text;
}

sys::Fd open_in(int directory, const std::function<sys::Fd()>& open) {
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return {};
  if (::geteuid() != 0 || status.st_uid == 0) return open();
  return sys::open_in_child(status.st_uid, kOpenLimit, open, {directory});
}

std::string command_as(uid_t user, std::vector<std::string> words) {
  if (user != ::geteuid()) {
    const auto groups = sys::groups_of_user(user);
    words.insert(words.begin(), {"setsid", "-w", "setpriv", fmt::format("--reuid={}", user),
                                 fmt::format("--regid={}", groups.gid),
                                 groups.has_account ? "--init-groups" : "--clear-groups"});
  }
  return sys::shell_quote(words);
}

}  // namespace registry

std::string remedy_of(const ShardEntry& entry) {
  const auto& problem = entry.problem;
  const auto command = [&](std::vector<std::string> words) {
    words.push_back(entry.path);
    return registry::command_as(entry.record.uid, std::move(words));
  };
  if (problem.starts_with("can't be opened"))
    return problem.ends_with(sys::errno_code(EACCES).message())
               ? "to let it be read, run: " + command({"chmod", "600"})
               : "";
  if (problem.starts_with("written by a newer"))
    return "look with that one; if no shard of it runs any more, run: " + command({"rm"});
  const bool may_be_directory = problem == "not a regular file";
  return "to be rid of it, run: " +
         command(may_be_directory ? std::vector<std::string>{"rm", "-r"} : std::vector<std::string>{"rm"});
}

void refuse_unreadable(const ShardEntry& entry, const std::string& doing) {
  if (entry.state != ShardState::kUnreadable) return;
  throw Error(
      {}, fmt::format("{}: its record {} is unreadable: {}", doing, sys::escape(entry.path), entry.problem),
      remedy_of(entry));
}

}  // namespace nslaunch
