#include "ns/delegation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <vector>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/files/mountinfo.hpp"

namespace nslaunch::ns {

std::vector<CgroupLine> parse_cgroup(const std::string& text) {
  std::istringstream rows(text);
  std::vector<CgroupLine> lines;
  for (std::string row; std::getline(rows, row);) {
    const auto first = row.find(':');
    const auto second = first == std::string::npos ? first : row.find(':', first + 1);
    if (second == std::string::npos) continue;  // the path may have colons of its own
    CgroupLine line{.controllers = row.substr(first + 1, second - first - 1), .path = row.substr(second + 1)};
    line.is_version_2 = row.starts_with("0::");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<CgroupLine> own_cgroups() {
  return parse_cgroup(sys::read_file("/proc/self/cgroup").value_or(""));
}

bool has_controller(const CgroupLine& line, const std::string& controller) {
  std::istringstream names(line.controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == controller) return true;
  }
  return false;
}

namespace {

constexpr std::string_view kPrefix = "nslaunch-";
/// The launcher moves itself here if its own group is to have others below it: that group may then have no
/// process.
constexpr const char* kLaunchersGroup = "nslaunch-launcher";
/// A younger group may be about to get its first process.
constexpr time_t kSettled = 60;

constexpr const char* kDelegate =
    "Give nslaunch a group of its own: systemd-run --scope -p Delegate=yes -- nslaunch run ...; as an "
    "ordinary "
    "user: systemd-run --user --scope -p Delegate=yes -- nslaunch run ...";

constexpr const char* kUseVersion2 =
    "Start the machine with systemd.unified_cgroup_hierarchy=1, or leave out --memory and --pids.";

[[noreturn]] void refuse(int error, const std::string& why, const char* advice = kDelegate) {
  throw Error(sys::errno_code(error), "limiting the shard by a control group: " + why, advice);
}

/// Where version 2 is mounted; empty if it is not.
std::string mount_of_cgroup2() {
  for (const auto& line : sys::mounts_here()) {
    if (line.type == "cgroup2") return line.path;
  }
  refuse(0, "version 2 of control groups is not mounted here", kUseVersion2);
}

/// The group for the shards' groups: the launcher's, or its parent if the launcher has moved down itself.
std::string group_for_shards() {
  for (const auto& line : own_cgroups()) {
    if (!line.is_version_2) continue;
    std::filesystem::path path = mount_of_cgroup2() + line.path;
    if (path.filename() == kLaunchersGroup) path = path.parent_path();
    std::string name = path;
    while (name.ends_with('/')) name.pop_back();
    return name;
  }
  refuse(0, "this machine has no version 2 of control groups", kUseVersion2);
}

bool lists(const std::string& file, std::string_view word) {
  std::istringstream words(sys::read_file(file.c_str()).value_or(""));
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

/// Returns 0 or an errno.
int move_launcher_down(const std::string& group) {
  const auto own = group + "/" + kLaunchersGroup;
  if (::mkdir(own.c_str(), 0755) != 0 && errno != EEXIST) return errno;
  return sys::write_file((own + "/cgroup.procs").c_str(), std::to_string(::getpid()));
}

void check_controller(const std::string& group, const std::string& controller) {
  const auto groups = own_cgroups();
  const auto has_it = [&](const CgroupLine& line) { return has_controller(line, controller); };
  if (std::any_of(groups.begin(), groups.end(), has_it)) {
    refuse(0, fmt::format("here the {} controller belongs to version 1 of control groups", controller),
           kUseVersion2);
  }
  if (!lists(group + "/cgroup.controllers", controller)) {
    refuse(0, fmt::format("{} has no {} controller (cgroup.controllers)", sys::escape(group), controller));
  }
}

/// Whether this process is in it. Throws Error if others are, too. Only the root of all groups, which has no
/// type, may have processes and delegate controllers.
bool is_ours_to_leave(const std::string& group) {
  if (::access((group + "/cgroup.type").c_str(), F_OK) != 0) return false;
  const auto processes = sys::read_file((group + "/cgroup.procs").c_str(), 1 << 20).value_or("");
  if (processes.empty()) return false;
  if (processes != std::to_string(::getpid()) + "\n")
    refuse(EBUSY, fmt::format("{} has other processes than nslaunch", sys::escape(group)));
  return true;
}

/// Leaves no process in the group: otherwise none can be moved into groups below it, though some controllers
/// (pids) can still be delegated (K39).
void vacate(const std::string& group) {
  if (!is_ours_to_leave(group)) return;
  if (const int error = move_launcher_down(group); error != 0)
    refuse(error, fmt::format("making {} and moving there", sys::escape(group + "/" + kLaunchersGroup)));
}

std::string control_file(const std::string& group) {
  return group + "/cgroup.subtree_control";
}

[[noreturn]] void refuse_handing_on(int error, const std::string& group, const std::string& controller) {
  refuse(error, fmt::format("{} can't hand on the {} controller", sys::escape(group), controller));
}

void hand_on(const std::string& group, const std::string& controller) {
  const auto control = control_file(group);
  if (lists(control, controller)) return;
  if (const int error = sys::write_file(control.c_str(), "+" + controller); error != 0)
    refuse_handing_on(error, group, controller);
}

std::vector<std::string> controllers_for(const ShardLimits& limits) {
  std::vector<std::string> controllers;
  if (limits.memory != 0) controllers.emplace_back("memory");
  if (limits.pids != 0) controllers.emplace_back("pids");
  return controllers;
}

/// Removes the groups of killed launchers. One with processes in it can't be removed.
void sweep_groups(const std::string& group) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(group, ignored)) {
    const auto name = entry.path().filename().string();
    struct stat status = {};
    if (!name.starts_with(kPrefix) || name == kLaunchersGroup) continue;
    if (::stat(entry.path().c_str(), &status) != 0 || ::time(nullptr) - status.st_mtime < kSettled) continue;
    ::rmdir(entry.path().c_str());
  }
}

}  // namespace

void check_delegation(const ShardLimits& limits) {
  const auto group = group_for_shards();
  for (const auto& controller : controllers_for(limits)) {
    check_controller(group, controller);
    const auto control = control_file(group);
    if (!lists(control, controller) && ::access(control.c_str(), W_OK) != 0)
      refuse_handing_on(errno, group, controller);
  }
  is_ours_to_leave(group);
  if (::access(group.c_str(), W_OK) != 0 || ::access((group + "/cgroup.procs").c_str(), W_OK) != 0)
    refuse(errno, fmt::format("making a group below {}", sys::escape(group)));
}

std::string make_group_for(const std::string& id, const ShardLimits& limits) {
  const auto group = group_for_shards();
  const auto controllers = controllers_for(limits);
  for (const auto& controller : controllers) check_controller(group, controller);
  vacate(group);
  for (const auto& controller : controllers) hand_on(group, controller);
  sweep_groups(group);
  auto path = fmt::format("{}/{}{}", group, kPrefix, id);
  if (::mkdir(path.c_str(), 0755) != 0) refuse(errno, fmt::format("making {}", sys::escape(path)));
  return path;
}

void refuse_limits(int error, const std::string& why) {
  refuse(error, why);
}

}  // namespace nslaunch::ns
