#include "registry/unreadable.hpp"

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::registry {

std::string remedy_of(const ShardEntry& entry) {
  const auto& problem = entry.problem;
  const auto path = sys::shell_quote({entry.path});
  if (problem.starts_with("can't be opened"))
    return problem.ends_with(sys::errno_code(EACCES).message()) ? "to let it be read, run: chmod 600 " + path
                                                                : "";
  if (problem.starts_with("written by a newer"))
    return "look with that one; if no shard of it runs any more, run: rm " + path;
  return fmt::format("to be rid of it, run: rm {}{}", problem == "not a regular file" ? "-r " : "", path);
}

void refuse_unreadable(const ShardEntry& entry, const std::string& doing) {
  if (entry.state != ShardState::kUnreadable) return;
  throw Error(
      {}, fmt::format("{}: its record {} is unreadable: {}", doing, sys::escape(entry.path), entry.problem),
      remedy_of(entry));
}

}  // namespace nslaunch::registry
