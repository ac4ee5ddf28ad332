#include "shard/artifacts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

mode_t mode_of_new_folders() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0777 & ~mask;
}

sys::NewFolder new_folder(const ShardSpec& spec) {
  sys::NewFolder folder{.mode = mode_of_new_folders()};
  if (spec.user) folder = {folder.mode, spec.user->uid, spec.user->gid};
  return folder;
}

void check_visible(const std::string& path, const Plan& plan) {
  std::vector<std::string> covered = {"/proc", "/dev/shm", "/dev/mqueue"};
  covered.insert(covered.end(), plan.private_paths.begin(), plan.private_paths.end());
  const auto covers = [&](const std::string& mount) { return (path + "/").starts_with(mount + "/"); };
  const auto hidden_by = std::find_if(covered.begin(), covered.end(), covers);
  const bool is_tmp = path == "/tmp" && plan.spec.tmp != TmpMode::kHost;
  if (hidden_by == covered.end() && !is_tmp) return;
  throw UsageError(fmt::format("--artifacts {}: the shard has a {} of its own, which hides it",
                               sys::escape(path), is_tmp ? "/tmp" : sys::escape(*hidden_by)),
                   "Name a folder elsewhere; one below /tmp stays visible.");
}

}  // namespace

std::string make_artifacts_folder(const Plan& plan) {
  const auto asked = (fs::path(plan.working_directory) / plan.spec.artifacts).lexically_normal().string();
  const auto doing = fmt::format("making {} for --artifacts", sys::escape(asked));
  constexpr const char* kAdvice = "Name a folder that you can write to, or a place where it can be made.";
  const std::string path =
      asked.ends_with('/') && asked.size() > 1 ? asked.substr(0, asked.size() - 1) : asked;
  check_visible(path, plan);  // before anything is made
  if (const int error = sys::make_directories(path, new_folder(plan.spec)); error != 0) {
    throw Error(sys::errno_code(error), doing, kAdvice);
  }
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    throw Error(sys::errno_code(errno), fmt::format("writing to {} for --artifacts", sys::escape(path)),
                kAdvice);
  }
  std::error_code ignored;
  const auto canonical = fs::canonical(path, ignored);
  auto there = canonical.empty() ? path : canonical.string();
  check_visible(there, plan);
  return there;
}

}  // namespace nslaunch::shard
