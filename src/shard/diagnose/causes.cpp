#include "shard/diagnose/causes.hpp"

#include <linux/capability.h>

#include <cerrno>
#include <csignal>
#include <span>

#include "shard/diagnose/cause_texts.hpp"
#include "shard/diagnose/explain_overlay.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

using Case = FailureCase;

struct Row {
  bool (*applies)(const Case&);
  Cause (*cause)(const Case&);
};

/// Limits, for any step and for those that make namespaces.
constexpr Row kLimits[] = {
    {[](const Case& c) { return c.is(EAGAIN); }, exhausted_processes},
    {[](const Case& c) { return c.is(EMFILE); }, exhausted_descriptors},
    {[](const Case& c) { return c.is(ETOOMANYREFS); }, descriptors_left_unread},
    {[](const Case& c) {
       return (c.is(ENOMEM) || c.is(EINVAL)) && c.makes_namespaces() && c.machine.children_live_elsewhere;
     },
     orphaned_children},
    {[](const Case& c) { return c.is(ENOMEM); }, exhausted_memory},
    {[](const Case& c) { return c.is(ENOSYS) && c.machine.is_before(5, 3); }, old_kernel},
    {[](const Case& c) { return c.is(ENOSYS) && c.machine.seccomp; }, seccomp_filter},
    {[](const Case& c) { return c.finds_no_room() && !c.machine.forbidden_namespaces.empty(); },
     forbidden_namespaces},
    {[](const Case& c) { return c.finds_no_room(); }, exhausted_namespaces},
    {[](const Case& c) { return c.is(EINVAL) && c.makes_namespaces() && c.step() != Step::kUserNamespace; },
     unknown_namespaces},
};

/// What is certain to refuse a step.
constexpr Row kCertain[] = {
    {[](const Case& c) { return c.is_refused_user_namespace() && c.machine.in_chroot; }, chroot},
    {[](const Case& c) { return c.is_refused_user_namespace() && !c.machine.ids_are_mapped; }, unmapped_ids},
    {[](const Case& c) {
       return c.is_refused_user_namespace() && c.machine.forbids_user_namespaces &&
              !c.machine.has(CAP_SYS_ADMIN);
     },
     forbidden_user_namespaces},
    {[](const Case& c) {
       return c.refused() && c.step() == Step::kMapIds && c.machine.is_root && !c.machine.has(CAP_SETFCAP);
     },
     no_setfcap},
    {[](const Case& c) { return c.is_refused_by_fresh_proc() && !c.machine.covered_in_proc.empty(); },
     masked_proc},
    {[](const Case& c) { return c.is_refused_by_fresh_proc() && c.machine.proc_sys_is_read_only; },
     read_only_proc},
    {[](const Case& c) { return c.is(EROFS) && c.writes_setting(); }, read_only_proc},
};

/// What is missing, and what a run requests in addition.
constexpr Row kMissing[] = {
    {[](const Case& c) { return c.is(ENOENT) && c.step() == Step::kPropagation; }, no_directory_for_proc},
    {[](const Case& c) { return c.is(ENOENT) && c.step() == Step::kMapIds; }, no_proc},
    {[](const Case& c) { return c.is(ENOENT) && c.step() == Step::kTmp; }, no_tmp},
    {[](const Case& c) { return c.is(ENOENT) && c.step() == Step::kPidBase; }, no_pid_base},
    {[](const Case& c) { return c.is(ENODEV) && c.mounts(); }, no_file_system},
    {[](const Case& c) { return c.is(EADDRNOTAVAIL) && c.step() == Step::kReach; }, no_such_address},
    {[](const Case& c) { return c.is(EADDRINUSE) && c.step() == Step::kReach; }, address_in_use},
    {[](const Case& c) {
       return c.step() == Step::kCapture && c.refused() && c.machine.seccomp && c.may_capture();
     },
     filtered_capture},
    {[](const Case& c) { return c.step() == Step::kCapture && (c.refused() || c.is(EAFNOSUPPORT)); },
     capture_needs},
    {[](const Case& c) { return c.is(ESTALE); }, exchanged_directory},
    {[](const Case& c) {
       return c.is(EACCES) && c.step() == Step::kPrivate && other_user(c.plan.spec) != nullptr;
     },
     closed_to_command},
    {[](const Case& c) { return c.is(ENOSPC); }, full_disk},
};

/// Refusals whose origin the step alone does not show.
constexpr Row kPossible[] = {
    {[](const Case& c) { return c.is_refused_privilege() && !c.machine.has_proc; }, unseen_without_proc},
    {[](const Case& c) {
       return c.is_refused_privilege() && !c.machine.apparmor_profile.empty() &&
              (c.is(EACCES) || !c.machine.seccomp);
     },
     confining_profile},
    {[](const Case& c) {
       return c.is_refused_privilege() && c.is_in_user_namespace() && c.machine.restricts_user_namespaces;
     },
     powerless_user_namespace},
    {[](const Case& c) { return c.is_refused_privilege() && c.machine.seccomp; }, seccomp_filter},
    {[](const Case& c) { return c.is_refused_user_namespace() && c.machine.restricts_user_namespaces; },
     powerless_user_namespace},
    {[](const Case& c) { return c.is(EACCES) && c.needs_privilege(); }, some_security_module},
    {[](const Case& c) { return c.is_refused_privilege(); }, refused_by_nobody_seen},
};

/// The first row that applies decides, part after part.
constexpr std::span<const Row> kTable[] = {kLimits, kCertain, kMissing, kPossible};

}  // namespace

Cause cause_of(const Plan& plan, const Message& failure, const Evidence& machine) {
  if (failure.step == Step::kOverlay) {
    if (auto cause = cause_of_overlay(plan, failure, machine); !cause.sentence.empty()) return cause;
  }
  const FailureCase one{plan, failure, machine};
  for (const auto& part : kTable) {
    for (const auto& row : part) {
      if (row.applies(one)) return row.cause(one);
    }
  }
  return {};
}

Cause cause_of_death(int signal, const Evidence& machine) {
  if (signal == SIGSYS) {
    return {Layer::kSeccomp, "a filter kills who makes such a system call (SIGSYS)", without_filter(machine)};
  }
  return {Layer::kUnknown, "something outside killed it; out of memory, perhaps (see dmesg)", {}};
}

}  // namespace nslaunch::shard
