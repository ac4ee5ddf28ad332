#include "ns/cgroup.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "ns/delegation.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::ns {
namespace {

void set(const std::string& group, const char* file, std::uint64_t value) {
  const int error = sys::write_file((group + "/" + file).c_str(), std::to_string(value));
  if (error != 0) refuse_limits(error, fmt::format("setting {}", file));
}

/// A count in a file of lines like "oom_kill 1".
std::uint64_t count_in(const std::string& file, std::string_view name) {
  std::istringstream lines(sys::read_file(file.c_str()).value_or(""));
  std::uint64_t count = 0;
  for (std::string word; lines >> word >> count;) {
    if (word == name) return count;
  }
  return 0;
}

/// Our group's directory in either version of control groups, empty if there is none.
std::string directory_of_pids() {
  std::string directory;
  for (const auto& line : own_cgroups()) {
    if (has_controller(line, "pids")) return "/sys/fs/cgroup/pids" + line.path;
    if (line.is_version_2) directory = "/sys/fs/cgroup" + line.path;
  }
  return directory;
}

bool is_reached(const std::string& group) {
  const auto most = sys::read_file((group + "/pids.max").c_str()).value_or("max");
  const auto now = sys::read_file((group + "/pids.current").c_str()).value_or("0");
  return !most.starts_with("max") && std::atoll(now.c_str()) >= std::atoll(most.c_str());
}

}  // namespace

std::string reached_pids_max() {
  for (std::filesystem::path group = directory_of_pids(); group.has_relative_path();
       group = group.parent_path()) {
    if (is_reached(group)) return group / "pids.max";
  }
  return {};
}

// Delegates first: if this body throws, the destructor runs and removes the group.
Cgroup::Cgroup(const std::string& id, const ShardLimits& limits) : Cgroup() {
  path_ = make_group_for(id, limits);
  if (limits.memory != 0) {
    set(path_, "memory.max", limits.memory);
    set(path_, "memory.oom.group", 1);
    // Without swap, or without its accounting, there is no such file.
    sys::write_file((path_ + "/memory.swap.max").c_str(), "0");
  }
  if (limits.pids != 0) set(path_, "pids.max", limits.pids);
}

Cgroup::~Cgroup() {
  if (path_.empty()) return;
  // The last process may have ended but still be counted in the group.
  for (int tries = 0; ::rmdir(path_.c_str()) != 0 && errno == EBUSY && tries < 10; ++tries)
    ::poll(nullptr, 0, 10);
}

void Cgroup::add(pid_t process) const {
  const int error = sys::write_file((path_ + "/cgroup.procs").c_str(), std::to_string(process));
  if (error != 0) throw Error(sys::errno_code(error), "moving the shard into its control group");
}

bool Cgroup::ran_out_of_memory() const noexcept try {
  return !path_.empty() && count_in(path_ + "/memory.events", "oom_kill") > 0;
} catch (...) {
  return false;
}

bool Cgroup::ran_out_of_pids() const noexcept try {
  return !path_.empty() && count_in(path_ + "/pids.events", "max") > 0;
} catch (...) {
  return false;
}

}  // namespace nslaunch::ns
