#include "shard/tmp_paths.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "shard/environment.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::string_view kTmp = "/tmp/";

/// Adds `path`, unless it or a folder above it is kept already. False: there is no such path.
bool keep(std::vector<KeptPath>& kept, const std::string& path) {
  const auto covers = [&](const KeptPath& other) {
    return path == other.path || path.starts_with(other.path + "/");
  };
  if (std::any_of(kept.begin(), kept.end(), covers)) return true;
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return false;
  kept.push_back({path, S_ISDIR(status.st_mode)});
  return true;
}

void keep_top_folder(std::vector<KeptPath>& kept, const std::string& path) {
  const std::string top = top_folder_in_tmp(path);
  if (!top.empty()) keep(kept, top);
}

/// The command where it is named by a path: as named, and where links lead to.
void keep_command(std::vector<KeptPath>& kept, const std::string& command, const std::string& folder) {
  if (command.find('/') == std::string::npos) return;
  const auto path = std::filesystem::path(folder) / command;
  keep_top_folder(kept, path.lexically_normal());
  std::error_code ignored;
  keep_top_folder(kept, std::filesystem::canonical(path, ignored));
}

void keep_requested(std::vector<KeptPath>& kept, const std::string& path, const std::string& folder) {
  const std::string full = (std::filesystem::path(folder) / path).lexically_normal();
  const std::string trimmed = full.ends_with('/') && full.size() > 1 ? full.substr(0, full.size() - 1) : full;
  if (!trimmed.starts_with(kTmp)) {
    throw UsageError(fmt::format("--keep {}: only what lies below /tmp can be kept", sys::escape(path)),
                     "Everything outside /tmp is visible in the shard anyway.");
  }
  if (!keep(kept, trimmed)) {
    throw UsageError(fmt::format("--keep {}: {}", sys::escape(path), sys::errno_code(errno).message()),
                     "Make it first, or leave the option out: the shard's /tmp starts empty.");
  }
}

}  // namespace

std::string top_folder_in_tmp(const std::string& path) {
  if (!path.starts_with(kTmp) || path.size() == kTmp.size()) return {};
  return path.substr(0, path.find('/', kTmp.size()));
}

std::vector<KeptPath> paths_to_keep(const ShardSpec& spec, const std::string& working_directory) {
  std::vector<KeptPath> kept;
  if (working_directory == "/tmp") {
    throw UsageError("the working directory is /tmp itself, which the shard's private /tmp would hide",
                     "Run it from a folder below /tmp, or share the host's: nslaunch --tmp host -- ...");
  }
  // What is asked for by name first, so that "--keep /tmp/a/b" does not depend on the rest.
  for (const auto& path : spec.keep) keep_requested(kept, path, working_directory);
  keep_top_folder(kept, working_directory);
  keep_command(kept, spec.command.front(), working_directory);
  if (const auto socket = variable(spec.environment, "SSH_AUTH_SOCK")) keep_top_folder(kept, *socket);
  const std::string search_path = variable(spec.environment, "PATH").value_or("");
  std::string_view path = search_path;
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    if (path.starts_with(kTmp)) keep_top_folder(kept, std::string(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  // A folder is bound before what lies below it.
  std::sort(kept.begin(), kept.end(), [](const KeptPath& a, const KeptPath& b) { return a.path < b.path; });
  return kept;
}

}  // namespace nslaunch::shard
