#include "ns/idmap.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

#include "ns/namespace_slot.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::ns {

std::vector<IdRange> parse_id_ranges(const std::string& text) {
  std::istringstream lines(text);
  std::vector<IdRange> ranges;
  for (IdRange range; lines >> range.inside >> range.outside >> range.count;) ranges.push_back(range);
  return ranges;
}

bool has_id(const std::vector<IdRange>& ranges, std::uint32_t inside) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [&](const IdRange& range) {
    return inside >= range.inside && inside - range.inside < range.count;
  });
}

bool is_whole(const std::vector<IdRange>& ranges) noexcept {
  return !ranges.empty() && ranges.front().inside == 0 && ranges.front().outside == 0 &&
         ranges.front().count == 0xffffffff;
}

std::string identity_map(const std::vector<IdRange>& ranges) {
  std::string map;
  for (const auto& range : ranges) map += fmt::format("{0} {0} {1}\n", range.inside, range.count);
  return map;
}

std::vector<IdRange> ranges_of(const std::vector<std::uint32_t>& ids) {
  std::vector<IdRange> ranges;
  for (const auto id : ids) {
    if (!ranges.empty() && id == ranges.back().inside + ranges.back().count)
      ++ranges.back().count;
    else
      ranges.push_back({id, id, 1});
  }
  return ranges;
}

std::string what_fits_in_map(std::string map) {
  constexpr std::size_t kMostLines = 340;
  constexpr std::size_t kSmallestPage = 4096;
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < kMostLines; ++lines) {
    const auto next = map.find('\n', end);
    if (next == std::string::npos || next + 1 >= kSmallestPage) break;
    end = next + 1;
  }
  map.resize(end);
  return map;
}

namespace {

void write_in(int proc_directory, const char* name, const std::string& content) {
  if (const int error = sys::write_file_at(proc_directory, name, content); error != 0) {
    throw Error(sys::errno_code(error), fmt::format("writing {}", name));
  }
}

/// Every range of ids that our own namespace has, each mapped onto itself.
std::string identity_of(const char* own_map) {
  return identity_map(parse_id_ranges(sys::read_file(own_map).value_or("")));
}

/// Writes the maps of a process; `proc_directory` is its directory in /proc.
void write_maps_in(int proc_directory, const IdMap& map) {
  if (map.identity) {
    write_in(proc_directory, "uid_map", identity_of("/proc/self/uid_map"));
    write_in(proc_directory, "gid_map", identity_of("/proc/self/gid_map"));
    return;
  }
  write_in(proc_directory, "uid_map", fmt::format("{} {} 1\n", map.inside_uid, map.outside_uid));
  const auto groups = what_fits_in_map(fmt::format("{} {} 1\n", map.inside_gid, map.outside_gid) +
                                       identity_map(ranges_of(map.more_groups)));
  // K11: an unprivileged gid map is refused until setgroups is denied.
  if (map.more_groups.empty()) write_in(proc_directory, "setgroups", "deny");
  write_in(proc_directory, "gid_map", groups);
}

/// The directory of a child. If /proc belongs to an outer PID namespace (K10), the child has another number
/// there: the one that /proc shows for a handle on it (kernel/fork.c, pidfd_show_fdinfo).
std::string proc_directory_of(pid_t child) {
  const auto handle = sys::Pidfd::open(child);
  const auto about =
      sys::read_file(fmt::format("/proc/self/fdinfo/{}", handle ? handle->get() : -1).c_str()).value_or("");
  return fmt::format("/proc/{}",
                     sys::number_after(about, "\nPid:").value_or(static_cast<std::uint64_t>(child)));
}

/// The child's half of unshare_user(): stays outside, and exits with 0 or an errno.
[[noreturn]] void map_from_outside(int proc_directory, const IdMap& map, sys::Pipe entered) {
  entered.write.reset();
  char byte = 0;
  if (sys::retry_on_eintr([&] { return ::read(entered.read.get(), &byte, 1); }) != 1) ::_exit(EPIPE);
  try {
    write_maps_in(proc_directory, map);
  } catch (const Error& error) {
    ::_exit(error.code().value());
  } catch (...) {
    ::_exit(ENOMEM);
  }
  ::_exit(0);
}

}  // namespace

void write_id_maps(pid_t pid, const IdMap& map) {
  write_maps_in(sys::open_file(proc_directory_of(pid), O_PATH | O_DIRECTORY).get(), map);
}

void unshare_user(int flags, const IdMap& map) {
  const auto own_directory = sys::open_file("/proc/self", O_PATH | O_DIRECTORY);
  auto entered = sys::make_pipe();
  const pid_t child = sys::check(::fork(), "forking");
  if (child == 0) map_from_outside(own_directory.get(), map, std::move(entered));
  const int result = when_a_slot_is_free([&] { return ::unshare(flags | CLONE_NEWUSER); });
  int error = result == 0 ? 0 : errno;
  if (error == 0) error = sys::write_all(entered.write.get(), "x");
  entered.write.reset();
  int status = 0;
  sys::retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  if (error == 0) error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  if (error != 0) throw Error(sys::errno_code(error), "entering a user namespace");
}

}  // namespace nslaunch::ns
