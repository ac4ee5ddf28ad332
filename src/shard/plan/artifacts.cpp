#include "shard/plan/artifacts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "shard/plan/hidden.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::shard {

std::string path_of_artifacts(const ShardSpec& spec, const std::filesystem::path& working_directory) {
  if (spec.artifacts.empty()) return {};
  auto path = (working_directory / spec.artifacts).lexically_normal().string();
  if (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path;
}

void make_artifacts_directory(Plan& plan) {
  auto path = path_of_artifacts(plan.spec, plan.working_directory);
  constexpr const char* kAdvice = "Name a directory that you can write to, or a place where it can be made.";
  refuse_hidden("--artifacts", path, plan);  // before anything is made
  plan.artifacts =
      make_users_directory(plan.spec, path, mode_of_results(), {"--artifacts", kAdvice}).directory;
  if (::faccessat(plan.artifacts.fd(), ".", W_OK | X_OK, 0) != 0) {
    throw Error(sys::errno_code(errno), fmt::format("writing to {} for --artifacts", sys::escape(path)),
                kAdvice);
  }
  path = path_without_links(plan.spec, plan.artifacts.fd(), path);
  refuse_hidden("--artifacts", path, plan);
  plan.spec.artifacts = std::move(path);
}

}  // namespace nslaunch::shard
