#include "shard/plan/make_plan.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "ns/capabilities.hpp"
#include "shard/plan/artifacts.hpp"
#include "shard/plan/environment.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/overlay_plan.hpp"
#include "shard/plan/tmp_paths.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/wire/steps.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/io/terminal.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

/// Empty if it is unknown (a removed directory): the command then inherits the current one.
std::string current_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof path) != nullptr && path[0] == '/' ? path : "";
}

PrivilegeMode choose_privilege_mode(const ns::Capabilities& capabilities, const ShardSpec& spec) {
  const bool needs_map = spec.map_root && ::geteuid() != 0;
  if (capabilities.sys_admin && capabilities.net_admin && !needs_map) return PrivilegeMode::kPrivileged;
  if (capabilities.sys_admin && !needs_map) return PrivilegeMode::kSplit;
  return PrivilegeMode::kRootless;
}

int unshare_flags(PrivilegeMode privilege_mode, const ShardSpec& spec) {
  int flags = CLONE_NEWNS | CLONE_NEWIPC;
  if (privilege_mode != PrivilegeMode::kSplit) flags |= CLONE_NEWNET;
  if (!spec.hostname.empty()) flags |= CLONE_NEWUTS;
  return flags;
}

ns::IdMap choose_id_map(const ns::Capabilities& capabilities, const ShardSpec& spec) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  return {.inside_uid = spec.map_root ? 0 : uid,
          .inside_gid = spec.map_root ? 0 : gid,
          .outside_uid = uid,
          .outside_gid = gid,
          .identity = capabilities.set_ids && !spec.map_root};
}

/// In a user namespace created by an ordinary user (K11).
bool setgroups_is_denied() {
  return sys::read_file("/proc/self/setgroups").value_or("").starts_with("deny");
}

/// Without privilege the only possible user is our own: then there is nothing to change (and setgroups would
/// fail, K11).
void check_user(Plan& plan) {
  if (plan.spec.user && setgroups_is_denied() && plan.spec.user->uid == ::geteuid() &&
      plan.spec.user->gid == ::getegid()) {
    plan.spec.user.reset();
  }
  if (!plan.spec.user || plan.privilege_mode == PrivilegeMode::kPrivileged || plan.id_map.identity) return;
  const auto user = *std::exchange(plan.spec.user, std::nullopt);
  if (user.uid == plan.id_map.inside_uid && user.gid == plan.id_map.inside_gid) return;
  throw UsageError(
      fmt::format("--user {}:{}: only root can run a command as another user", user.uid, user.gid),
      "Leave the option out, or run nslaunch as root.");
}

void add_variables(ShardSpec& spec) {
  auto& environment = spec.environment;
  if (spec.tmp != TmpMode::kHost) {
    for (const char* name : {"TMPDIR", "TMP", "TEMP"}) set_variable(environment, name, "/tmp");
  }
  set_variables(environment, spec.variables);
  set_variable(environment, "NSLAUNCH", "1");
  set_variable(environment, "NSLAUNCH_ID", spec.id);
  set_variable(environment, "NSLAUNCH_NAME", spec.name);
  set_variable(environment, "NSLAUNCH_SHARD_INDEX", std::to_string(spec.shard_index));
  set_variable(environment, "NSLAUNCH_SHARD_INDEX0", std::to_string(spec.shard_index - 1));
  set_variable(environment, "NSLAUNCH_SHARD_TOTAL", std::to_string(spec.shard_total));
  set_variable(environment, "NSLAUNCH_ATTEMPT", std::to_string(spec.attempt));
}

/// `path` resolved against `directory`, without dots and without a trailing slash.
std::string absolute_path(const std::string& directory, const std::string& path) {
  std::string full = (fs::path(directory) / path).lexically_normal();
  if (full.ends_with('/') && full.size() > 1) full.pop_back();
  return full;
}

/// The directory's path as mountinfo will show it. Created if missing, except in a /tmp that is not the
/// host's: there init creates it.
std::string private_path(const std::string& asked, Plan& plan) {
  constexpr const char* kLeaveItOut = "Leave it out: nothing of the host's is there for the command.";
  std::string path = absolute_path(plan.working_directory, asked);
  refuse_replaced("--private", path, kLeaveItOut);
  if (plan.spec.tmp != TmpMode::kHost && !top_directory_in_tmp(path).empty()) return path;
  auto made = make_private_directory(plan.spec, path);
  path = path_without_links(plan.spec, made.fd(), path);
  if (path == "/") {
    throw UsageError("--private /: the root itself can't be covered",
                     "Name the directory that is to be private.");
  }
  refuse_replaced("--private", path, kLeaveItOut);
  plan.places.private_directories.insert_or_assign(path, std::move(made));
  return path;
}

void add_artifacts(Plan& plan) {
  if (plan.spec.artifacts.empty()) return;
  make_artifacts_directory(plan);
  set_variable(plan.spec.environment, "NSLAUNCH_ARTIFACTS", plan.spec.artifacts);
}

void check_tmp_directory(Plan& plan) {
  if (plan.spec.tmp != TmpMode::kDirectory) return;
  auto& directory = plan.spec.tmp_directory;
  directory = absolute_path(plan.working_directory, directory);
  plan.places.tmp = open_tmp_directory(plan.spec, directory);
  directory = path_without_links(plan.spec, plan.places.tmp.fd(), directory);
}

/// Opens what stays visible of the host's /tmp. Root opens it as the command's user.
void open_kept_paths(Plan& plan) {
  if (plan.spec.tmp == TmpMode::kHost) return;
  plan.kept = paths_to_keep(plan.spec, plan.working_directory);
  for (auto& kept : plan.kept) {
    plan.places.kept.emplace_back();
    if (other_user(plan.spec) == nullptr) continue;
    plan.places.kept.back() = open_for_command(plan.spec, kept.path);
    kept.source = path_without_links(plan.spec, plan.places.kept.back().get(), kept.path);
  }
}

/// Whether something is mounted over the caller's directory, or over one above it.
bool is_covered(const Plan& plan) {
  auto mounts = usual_mounts();
  if (plan.spec.tmp != TmpMode::kHost) mounts.emplace_back("/tmp");
  mounts.insert(mounts.end(), plan.private_paths.begin(), plan.private_paths.end());
  for (const auto& overlay : plan.spec.overlays) mounts.push_back(overlay.path);
  return std::any_of(mounts.begin(), mounts.end(),
                     [&](const std::string& mount) { return lies_in(plan.working_directory, mount); });
}

}  // namespace

std::uint64_t pipe_inode(int fd) {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) ? status.st_ino : 0;
}

Plan make_plan(const ShardSpec& spec, const sys::BeforeMaking& before_making) {
  Plan plan;
  plan.spec = spec;
  if (spec.command.empty()) throw UsageError("no command was given", "nslaunch -- COMMAND [ARG...]");
  if (plan.spec.id.empty()) plan.spec.id = random_id();
  if (plan.spec.name.empty()) plan.spec.name = plan.spec.id;
  add_variables(plan.spec);

  const auto capabilities = ns::effective_capabilities();
  plan.privilege_mode = choose_privilege_mode(capabilities, spec);
  plan.clone_flags = CLONE_NEWPID | (plan.privilege_mode == PrivilegeMode::kRootless ? CLONE_NEWUSER : 0);
  plan.unshare_flags = unshare_flags(plan.privilege_mode, spec);
  plan.id_map = choose_id_map(capabilities, spec);
  check_user(plan);

  plan.leads_group = ::getpgrp() == ::getpid();
  plan.own_process_group = !sys::open_controlling_terminal();
  plan.working_directory = current_directory();
  // As given, links and dots included: chdir resolves them.
  if (!spec.workdir.empty()) plan.working_directory = fs::path(plan.working_directory) / spec.workdir;
  for (const auto& path : spec.private_paths) plan.private_paths.push_back(private_path(path, plan));
  std::sort(plan.private_paths.begin(), plan.private_paths.end());  // a directory before those below it
  check_overlays(plan);
  add_artifacts(plan);
  open_kept_paths(plan);
  check_tmp_directory(plan);
  make_overlay_directories(plan, before_making);
  plan.enters_directory = !spec.workdir.empty() || is_covered(plan);
  if (spec.memory_limit != 0 || spec.pids_limit != 0)
    plan.cgroup = ns::Cgroup(plan.spec.id, {spec.memory_limit, spec.pids_limit});
  plan.stdin_pipe = pipe_inode(STDIN_FILENO);
  plan.caller_signals = sys::SignalState::current();
  plan.launcher_is_client = !spec.publish.empty();
  return plan;
}

}  // namespace nslaunch::shard
