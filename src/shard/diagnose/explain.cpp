#include "shard/diagnose/explain.hpp"

#include <nslaunch/exit_codes.hpp>

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "ns/net/netlink_error.hpp"
#include "shard/diagnose/causes.hpp"
#include "shard/plan/hidden.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::shard {
namespace {

/// The path or address that the step was working on, if it has several.
std::string subject(const Plan& plan, const Message& failure) {
  const auto at = static_cast<std::size_t>(failure.detail);
  if (failure.step == Step::kKeep && at < plan.kept.size())
    return " (" + sys::escape(plan.kept[at].path) + ")";
  if (failure.step == Step::kOverlay && at < plan.spec.overlays.size()) {
    return " (" + sys::escape(plan.spec.overlays[at].path) + ")";
  }
  if (failure.step == Step::kPrivate && at < plan.private_paths.size()) {
    return " (" + sys::escape(plan.private_paths[at]) + ")";
  }
  if (failure.step == Step::kReach && at < plan.spec.reach.size()) {
    const auto& service = plan.spec.reach[at];
    return fmt::format(" ({})", sys::endpoint_name(service.shard_address, service.shard_port));
  }
  if (failure.step == Step::kWorkdir) return " " + sys::escape(plan.working_directory);
  return {};
}

/// K12. Init watches the overlays and then the private directories.
Error explain_lost_mount(const Plan& plan, std::size_t at) {
  const auto& overlays = plan.spec.overlays;
  if (at >= overlays.size() + plan.private_paths.size()) return explain_nonsense();
  const bool is_overlay = at < overlays.size();
  const auto& path = is_overlay ? overlays[at].path : plan.private_paths[at - overlays.size()];
  return {{},
          fmt::format("somebody outside has removed {}, which {} had covered", sys::escape(path),
                      is_overlay ? "--overlay" : "--private"),
          "The shard was ended, so that its command would not go on with the host's files there."};
}

/// The shard's own mount in which the command's file would be; empty: none.
std::string mount_over_command(const Plan& plan) {
  const auto& command = plan.spec.command.front();
  if (command.find('/') == std::string::npos) return {};
  const auto path = std::filesystem::path(plan.working_directory) / command;
  return own_mount_over(path.lexically_normal(), plan);
}

}  // namespace

std::error_code code_of(const Message& failure) {
  if (failure.domain == Domain::kNetlink) return {failure.code, ns::netlink_category()};
  return sys::errno_code(failure.code);
}

CommandError explain_command(const std::string& command, int error, bool has_file) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const std::string shown = sys::escape(command);
  if (!missing) return {sys::errno_code(error), fmt::format("running {}", shown), kNotExecutable};
  if (command.find('/') == std::string::npos)
    return {{}, fmt::format("{}: command not found", shown), kNotFound};
  if (has_file)
    return {
        {}, fmt::format("{}: the interpreter that its first line names does not exist", shown), kNotFound};
  return {sys::errno_code(error), fmt::format("running {}", shown), kNotFound};
}

Error explain(const Plan& plan, const Message& failure) {
  return {code_of(failure), row(failure.step).doing + subject(plan, failure),
          as_advice(cause_of(plan, failure, read_evidence()))};
}

Error explain_nonsense() {
  return {sys::errno_code(EPROTO), "listening to the shard's init",
          "Its memory or its messages have been changed, by a debugger in the shard perhaps. The shard was "
          "ended."};
}

void throw_failure(const Plan& plan, const Message& failure) {
  if (failure.kind == Kind::kMountLost)
    throw explain_lost_mount(plan, static_cast<std::size_t>(failure.detail));
  if (failure.kind != Kind::kFailed) throw explain_nonsense();
  if (failure.step == Step::kExec) {
    const auto& command = plan.spec.command.front();
    const auto mount = failure.code == ENOENT ? mount_over_command(plan) : "";
    if (mount.empty()) throw explain_command(command, failure.code, failure.detail != 0);
    throw CommandError({},
                       fmt::format("{}: no such file in the shard, which has a {} of its own",
                                   sys::escape(command), sys::escape(mount)),
                       kNotFound);
  }
  throw explain(plan, failure);
}

std::string explain_missing(const Message& missing) {
  const auto& about = row(missing.step);
  return fmt::format(
      "{} was refused ({}): going on without it; why: nslaunch doctor; --require-proc makes this an error",
      about.doing, code_of(missing).message());
}

std::string explain_blocked_end(const std::string& teardown_blocker) {
  return fmt::format(
      "the shard has not ended within 5 s: {}\n"
      "its record stays until it has: nslaunch list, nslaunch reap",
      sys::escape(teardown_blocker));
}

std::string explain_stuck_init(const std::string& why, LeakPolicy leaks) {
  return fmt::format(
      "the shard's init was to say what the command has left running, and does not answer: {}\n"
      "The shard is ended{}; what was left running stays unknown.\n"
      "To look at it in time, let the command wait at its end, and type: nslaunch inspect ID",
      why, leaks == LeakPolicy::kFail ? "" : ", and the command's own status kept");
}

std::string explain_privilege_mode(PrivilegeMode privilege_mode) {
  switch (privilege_mode) {
    case PrivilegeMode::kPrivileged:
      return "with CAP_SYS_ADMIN and CAP_NET_ADMIN: no user namespace";
    case PrivilegeMode::kSplit:
      return "without CAP_NET_ADMIN: a user namespace for the network";
    default:
      return "without CAP_SYS_ADMIN: a user namespace for everything";
  }
}

Error explain_slow_launch(std::chrono::milliseconds limit) {
  return {
      {},
      fmt::format("the shard was not ready within {}", sys::format_duration(limit)),
      "Something holds up its making: a busy machine, a file system that does not answer, or somebody who "
      "stops or traces its init.\nWhich step was the last to work: nslaunch -v ..."};
}

Error explain_failed_init(int error) {
  return {sys::errno_code(error), "the shard's init could not go on and has ended the shard"};
}

KilledInit explain_killed_init(const Outcome& outcome, int signal) {
  constexpr auto kCause = "Somebody outside sent it, or the machine ran out of memory (see dmesg). {}";
  if (outcome.all_gone) {
    return {signal,
            fmt::format("the shard's init was killed while the command ran ({})", sys::signal_name(signal)),
            fmt::format(kCause, "Every process of the shard is gone.")};
  }
  return {signal,
          fmt::format(
              "the shard's init was killed while the command ran, and the shard has not ended within 5 s: {}",
              sys::escape(outcome.teardown_blocker)),
          fmt::format(kCause, "Its record stays until it has: nslaunch list, nslaunch reap")};
}

}  // namespace nslaunch::shard
