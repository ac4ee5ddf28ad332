#include "bench/tree.hpp"

#include <poll.h>
#include <sys/syscall.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "bench/interrupt.hpp"

namespace nslaunch::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 60'000;

fs::path proc(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

// Field 4 of /proc/PID/stat, behind the name, which may hold anything but ends with ')'.
pid_t parent_of(pid_t pid) {
  std::ifstream file(proc(pid) / "stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  return name_end == std::string::npos ? -1 : static_cast<pid_t>(std::stol(line.substr(name_end + 4)));
}

bool is_pid(const std::string& name) {
  return name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Processes::Processes() {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!is_pid(name)) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    by_parent_.emplace(parent_of(pid), pid);
  }
}

std::vector<pid_t> Processes::children_of(pid_t pid) const {
  std::vector<pid_t> children;
  const auto [first, last] = by_parent_.equal_range(pid);
  for (auto it = first; it != last; ++it) children.push_back(it->second);
  return children;
}

std::vector<pid_t> Processes::tree_of(pid_t pid) const {
  std::vector<pid_t> tree{pid};
  for (std::size_t i = 0; i < tree.size(); ++i)
    for (const auto child : children_of(tree[i])) tree.push_back(child);
  return tree;
}

void kill_tree(pid_t pid) {
  for (const auto each : Processes().tree_of(pid)) kill(each, SIGKILL);
}

std::vector<pid_t> resident_part(pid_t launcher) {
  const auto executable = fs::read_symlink(proc(launcher) / "exe");
  auto tree = Processes().tree_of(launcher);
  std::erase_if(tree, [&](pid_t pid) {
    std::error_code gone;
    return fs::read_symlink(proc(pid) / "exe", gone) != executable;
  });
  return tree;
}

double private_dirty_kib(pid_t pid) {
  std::ifstream file(proc(pid) / "smaps_rollup");
  for (std::string word; file >> word;)
    if (word == "Private_Dirty:") {
      double kib = 0;
      file >> kib;
      return kib;
    }
  throw std::runtime_error("no Private_Dirty in " + (proc(pid) / "smaps_rollup").string());
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(check(syscall(SYS_pidfd_open, pid, 0), "opening a pidfd")));
}

void wait_for_end(const UniqueFd& pidfd) {
  pollfd wait{pidfd.get(), POLLIN, 0};
  if (check(poll(&wait, 1, kPatienceMs), "waiting for the end") == 0)
    throw std::runtime_error("processes left after a minute");
}

}  // namespace nslaunch::bench
