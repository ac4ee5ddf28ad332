#include "shard/hidden.hpp"

#include <unistd.h>

#include <algorithm>

#include "shard/tmp_paths.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {

std::string hint_on_hidden_argument(const Plan& plan) {
  if (plan.spec.tmp == TmpMode::kHost) return {};
  for (const auto& argument : plan.spec.command) {
    // "--file=/tmp/x" names a path as well as "/tmp/x".
    const auto equals = argument.starts_with('-') ? argument.find('=') : std::string::npos;
    const std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
    const std::string top = top_folder_in_tmp(path);
    const auto covers = [&](const KeptPath& kept) { return (path + "/").starts_with(kept.path + "/"); };
    if (top.empty() || ::access(path.c_str(), F_OK) != 0) continue;
    if (std::any_of(plan.kept.begin(), plan.kept.end(), covers)) continue;
    return fmt::format(
        "{0} exists on the host but not in the shard, whose /tmp is private; to keep it visible: --keep {0}",
        sys::escape(path));
  }
  return {};
}

}  // namespace nslaunch::shard
