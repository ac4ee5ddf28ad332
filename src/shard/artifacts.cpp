#include "shard/artifacts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "shard/hidden.hpp"
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

}  // namespace

sys::NewFolder folder_for_results(const ShardSpec& spec) {
  sys::NewFolder folder{.mode = mode_of_new_folders()};
  if (spec.user) folder = {folder.mode, spec.user->uid, spec.user->gid};
  return folder;
}

std::string make_artifacts_folder(const Plan& plan) {
  const auto asked = (fs::path(plan.working_directory) / plan.spec.artifacts).lexically_normal().string();
  const auto doing = fmt::format("making {} for --artifacts", sys::escape(asked));
  constexpr const char* kAdvice = "Name a folder that you can write to, or a place where it can be made.";
  const std::string path =
      asked.ends_with('/') && asked.size() > 1 ? asked.substr(0, asked.size() - 1) : asked;
  refuse_hidden("--artifacts", path, plan);  // before anything is made
  if (const int error = sys::make_directories(path, folder_for_results(plan.spec)); error != 0) {
    throw Error(sys::errno_code(error), doing, kAdvice);
  }
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    throw Error(sys::errno_code(errno), fmt::format("writing to {} for --artifacts", sys::escape(path)),
                kAdvice);
  }
  std::error_code ignored;
  const auto canonical = fs::canonical(path, ignored);
  auto there = canonical.empty() ? path : canonical.string();
  refuse_hidden("--artifacts", there, plan);
  return there;
}

}  // namespace nslaunch::shard
