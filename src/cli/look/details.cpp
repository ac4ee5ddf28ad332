#include "cli/look/details.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::size_t kMostEntries = 10;

}  // namespace

Details details_of(const std::vector<std::string>& words) {
  Details details{look_into(words), {}, {}, {}, {}};
  warn_of_standstill(details.look.shard.record);
  const pid_t init = details.look.shard.record.init.pid;
  details.namespaces = inspect::own_namespaces(init);
  details.processes = inspect::details_of(details.look.members);
  details.mounts = inspect::own_mounts(init);
  details.contents = inspect::contents_of(init, details.mounts, kMostEntries);
  return details;
}

}  // namespace nslaunch::cli
