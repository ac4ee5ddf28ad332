#include "registry/place/unreadable.hpp"

#include "registry/place/as_user.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::registry {

std::string remedy_of(const ShardEntry& entry) {
  const auto& problem = entry.problem;
  const auto command = [&](std::vector<std::string> words) {
    words.push_back(entry.path);
    return command_as(entry.record.uid, std::move(words));
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

}  // namespace nslaunch::registry
