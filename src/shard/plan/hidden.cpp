#include "shard/plan/hidden.hpp"

#include <algorithm>

#include "ns/mount.hpp"
#include "shard/plan/tmp_paths.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::shard {
namespace {

/// A path among the command's arguments that exists for this process but not in the shard.
std::string hidden_argument(const Plan& plan) {
  for (const auto& argument : plan.spec.command) {
    // "--file=/tmp/x" names a path as well as "/tmp/x".
    const auto equals = argument.starts_with('-') ? argument.find('=') : std::string::npos;
    std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
    const auto covers = [&](const KeptPath& kept) { return lies_in(path, kept.path); };
    if (top_directory_in_tmp(path).empty() || std::any_of(plan.kept.begin(), plan.kept.end(), covers))
      continue;
    if (is_reachable(plan.spec, path)) return path;
  }
  return {};
}

void refuse_below(const std::string& mount, const std::string& option, const std::string& path,
                  const char* advice) {
  if (mount.empty()) return;
  throw UsageError(fmt::format("{} {}: the shard has a {} of its own, which hides it", option,
                               sys::escape(path), sys::escape(mount)),
                   advice);
}

/// The mount that contains `path`, of those that every shard has; empty: none.
std::string usual_mount_over(const std::string& path) {
  for (const auto& mount : usual_mounts())
    if (lies_in(path, mount)) return mount;
  return {};
}

}  // namespace

bool lies_in(const std::string& path, const std::string& directory) {
  return (path + "/").starts_with(directory + "/");
}

std::vector<std::string> usual_mounts() {
  std::vector<std::string> mounts = {"/proc", "/dev/shm"};
  if (ns::has_mqueue()) mounts.emplace_back("/dev/mqueue");
  return mounts;
}

std::string own_mount_over(const std::string& path, const Plan& plan) {
  for (const auto& mount : plan.private_paths)
    if (lies_in(path, mount)) return mount;
  return usual_mount_over(path);
}

void refuse_replaced(const std::string& option, const std::string& path, const char* advice) {
  refuse_below(usual_mount_over(path), option, path, advice);
}

void refuse_hidden(const std::string& option, const std::string& path, const Plan& plan) {
  constexpr const char* kAdvice = "Name a directory elsewhere; one below /tmp stays visible.";
  refuse_below(own_mount_over(path, plan), option, path, kAdvice);
  if (path == "/tmp" && plan.spec.tmp != TmpMode::kHost) refuse_below("/tmp", option, path, kAdvice);
}

std::string hint_on_hidden_argument(const Plan& plan) try {
  if (plan.spec.tmp == TmpMode::kHost) return {};
  const auto path = look_as_user(plan.spec, [&] { return hidden_argument(plan); });
  if (path.empty()) return {};
  return fmt::format(
      "{} exists on the host but not in the shard, whose /tmp is private; to keep it visible: --keep {}",
      sys::escape(path), sys::shell_quote({path}));
} catch (const Error&) {
  return {};
}

}  // namespace nslaunch::shard
