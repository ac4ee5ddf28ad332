#include "shard/plan/tmp_paths.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "shard/plan/environment.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTmp = "/tmp/";

constexpr int kMostLinks = 40;  // as the kernel's own limit

bool covers(const std::vector<KeptPath>& kept, const std::string& path) {
  return std::any_of(kept.begin(), kept.end(), [&](const KeptPath& each) {
    return path == each.path || path.starts_with(each.path + "/");
  });
}

/// Adds `path`, if the command can reach it, unless it or a directory above it is kept already.
void keep(std::vector<KeptPath>& kept, const ShardSpec& spec, const std::string& path) {
  if (!covers(kept, path) && is_reachable(spec, path)) kept.push_back({path, path});
}

/// The target of the link `path`; empty if it is not a link or does not exist.
fs::path target_of(const fs::path& path) {
  char target[PATH_MAX];
  const auto size = ::readlink(path.c_str(), target, sizeof target);
  return size > 0 ? fs::path(target, target + size) : fs::path();
}

/// Keeps the top directory of every place in /tmp that the lookup of `path` passes through, link by link.
void keep_links_to(std::vector<KeptPath>& kept, const ShardSpec& spec, const fs::path& path) {
  std::vector<fs::path> ahead;
  const auto go_on_with = [&](const fs::path& way) {
    const auto at = static_cast<std::ptrdiff_t>(ahead.size());  // the next part is the last element
    for (const auto& part : way) ahead.insert(ahead.begin() + at, part);
  };
  go_on_with(path);
  fs::path here = "/";
  for (int links = 0; !ahead.empty() && links <= kMostLinks;) {
    const fs::path part = ahead.back();
    ahead.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      here = here.parent_path();
      continue;
    }
    const auto there = here / part;  // "/" itself if the part is "/"
    if (const auto top = top_directory_in_tmp(there); !top.empty()) keep(kept, spec, top);
    if (const auto target = target_of(there); !target.empty()) {
      ++links;
      go_on_with(target);
    } else {
      here = there;
    }
  }
}

/// Most paths contain no link and need one system call: this runs for every entry of PATH.
void keep_way_to(std::vector<KeptPath>& kept, const ShardSpec& spec, const std::string& path) {
  if (!path.starts_with('/')) return;  // relative to a working directory that is gone
  if (sys::may_lead_through_link(path)) {
    keep_links_to(kept, spec, path);
  } else if (path.find(kTmp) != std::string::npos) {
    const auto top = top_directory_in_tmp(fs::path(path).lexically_normal());
    if (!top.empty()) keep(kept, spec, top);
  }
}

/// `path` resolved against `directory`.
std::string seen_from(const std::string& directory, const std::string& path) {
  return path.starts_with('/') ? path : directory + "/" + path;
}

/// Keeps PATH and the command: by its own path, or in each directory that is searched.
void keep_command(std::vector<KeptPath>& kept, const ShardSpec& spec, const std::string& directory) {
  const auto& command = spec.command.front();
  const bool searched = command.find('/') == std::string::npos;
  if (!searched) keep_way_to(kept, spec, seen_from(directory, command));
  std::istringstream entries(variable(spec.environment, "PATH").value_or(""));
  for (std::string entry; std::getline(entries, entry, ':');) {
    keep_way_to(kept, spec, seen_from(directory, entry) + "/" + (searched ? command : ""));
  }
}

void keep_requested(std::vector<KeptPath>& kept, const ShardSpec& spec, const std::string& path,
                    const std::string& directory) {
  const std::string full = (fs::path(directory) / path).lexically_normal();
  std::string trimmed = full.ends_with('/') && full.size() > 1 ? full.substr(0, full.size() - 1) : full;
  sys::Fd place;
  try {
    place = open_for_command(spec, trimmed);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw UsageError(fmt::format("--keep {}: {}", sys::escape(path), error.code().message()),
                     "Make it first, or leave the option out: the shard's /tmp starts empty.");
  }
  if (!trimmed.starts_with(kTmp))
    trimmed = path_without_links(spec, place.get(), trimmed);  // possibly through a link
  if (!trimmed.starts_with(kTmp)) {
    throw UsageError(fmt::format("--keep {}: only what lies below /tmp can be kept", sys::escape(path)),
                     "Everything outside /tmp is visible in the shard anyway.");
  }
  if (!covers(kept, trimmed)) kept.push_back({trimmed, trimmed});
}

/// Possibly by another name.
bool is_tmp(const ShardSpec& spec, const std::string& directory) {
  try {
    return sys::is_same(open_for_command(spec, directory).get(), sys::open_file("/tmp", O_PATH).get());
  } catch (const Error&) {  // chdir reports what is wrong with it
    return false;
  }
}

/// What the command needs without an explicit request, each path terminated by a zero byte.
std::string needed_paths(const ShardSpec& spec, const std::string& working_directory) {
  std::vector<KeptPath> kept;
  if (spec.artifacts.starts_with(kTmp)) keep(kept, spec, spec.artifacts);
  for (const auto& overlay : spec.overlays) {
    if (overlay.path.starts_with(kTmp)) keep(kept, spec, overlay.path);
  }
  keep_way_to(kept, spec, working_directory);
  keep_command(kept, spec, working_directory);
  if (const auto socket = variable(spec.environment, "SSH_AUTH_SOCK"))
    keep_way_to(kept, spec, seen_from(working_directory, *socket));
  std::string paths;
  for (const auto& each : kept) paths += each.path + '\0';
  return paths;
}

}  // namespace

std::string top_directory_in_tmp(const std::string& path) {
  if (!path.starts_with(kTmp) || path.size() == kTmp.size()) return {};
  return path.substr(0, path.find('/', kTmp.size()));
}

std::vector<KeptPath> paths_to_keep(const ShardSpec& spec, const std::string& working_directory) {
  if (working_directory == "/tmp" || (!spec.workdir.empty() && is_tmp(spec, working_directory))) {
    throw UsageError("the working directory is /tmp itself, which the shard's private /tmp would hide",
                     "Run it from a directory below /tmp, or share the host's: nslaunch --tmp host -- ...");
  }
  std::vector<KeptPath> kept;
  for (const auto& path : spec.keep) keep_requested(kept, spec, path, working_directory);
  std::istringstream needed(look_as_user(spec, [&] { return needed_paths(spec, working_directory); }));
  for (std::string path; std::getline(needed, path, '\0');) kept.push_back({path, path});
  // A directory includes what lies below it.
  std::sort(kept.begin(), kept.end(), [](const KeptPath& a, const KeptPath& b) { return a.path < b.path; });
  std::vector<KeptPath> bound;
  for (auto& each : kept) {
    if (!covers(bound, each.path)) bound.push_back(std::move(each));
  }
  return bound;
}

}  // namespace nslaunch::shard
