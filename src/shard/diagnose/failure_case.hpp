#pragma once

#include <linux/capability.h>

#include <cerrno>

#include "shard/diagnose/evidence.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

/// One failure, with the predicates that the rows of the table use.
struct FailureCase {
  const Plan& plan;
  const Message& failure;
  const Evidence& machine;

  Step step() const { return failure.step; }
  bool is(int error) const { return failure.domain == Domain::kErrno && failure.code == error; }
  /// A netlink error is always a refusal: our own network can't be set up.
  bool refused() const { return failure.domain == Domain::kNetlink || is(EPERM) || is(EACCES); }
  bool makes_namespaces() const {
    return step() == Step::kClone || step() == Step::kNamespaces || step() == Step::kUserNamespace;
  }
  bool makes_user_namespace() const {
    return (step() == Step::kClone && plan.privilege_mode == PrivilegeMode::kRootless) ||
           step() == Step::kUserNamespace;
  }
  bool is_in_user_namespace() const {
    if (plan.privilege_mode == PrivilegeMode::kRootless) return step() != Step::kClone;
    return plan.privilege_mode == PrivilegeMode::kSplit && step() > Step::kUserNamespace;
  }
  /// A refusal of the step is not a matter of file permissions.
  bool needs_privilege() const {
    switch (step()) {
      case Step::kRecord:
      case Step::kCgroup:
      case Step::kSettings:
      case Step::kGo:
      case Step::kOverlay:
      case Step::kKeep:
      case Step::kPrivate:
      case Step::kReach:
      case Step::kCapture:
        return false;
      default:
        return step() < Step::kFork;
    }
  }
  bool mounts() const {
    return step() == Step::kProc || step() == Step::kTmp || step() == Step::kSharedMemory ||
           step() == Step::kQueues;
  }
  bool writes_setting() const {
    return step() == Step::kPidBase || step() == Step::kLowPorts || step() == Step::kSysctls;
  }

  /// In a user namespace of its own init has every capability.
  bool may_capture() const {
    return plan.privilege_mode != PrivilegeMode::kPrivileged || machine.has(CAP_NET_RAW);
  }
  bool is_refused_privilege() const { return refused() && needs_privilege(); }
  bool is_refused_user_namespace() const { return refused() && makes_user_namespace(); }
  bool finds_no_room() const { return (is(ENOSPC) || is(EUSERS)) && makes_namespaces(); }
  bool is_refused_by_fresh_proc() const { return is(EPERM) && step() == Step::kProc; }  // K10
};

}  // namespace nslaunch::shard
