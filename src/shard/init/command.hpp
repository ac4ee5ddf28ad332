#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "shard/plan/plan.hpp"
#include "shard/wire/steps.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// A process that init is to start, with the plan's user and the caller's signals.
struct Start {
  std::vector<std::string> command;
  std::vector<std::string> environment;
  /// Empty: init's own.
  std::string directory;

  enum class Place {
    kCallersGroup,
    kGroup,    ///< a process group of its own
    kSession,  ///< a session of its own; its terminal is `terminal` unless that is -1
  };
  Place place = Place::kCallersGroup;
  int terminal = -1;
  /// Its descriptors 0, 1 and 2, none of which is below 3 in init; empty: init's own.
  std::span<const sys::Fd> streams;
};

struct StartFailure {
  Step step;
  int error;
  /// The command's file exists for the user who was to run it.
  bool has_file = false;
};

/// Called by init. Returns the pid once the exec has succeeded; on failure 0, with `failure` set.
pid_t start_process(const Plan& plan, const Start& start, StartFailure& failure);

/// The same for a client, whose user may stop the process before its exec, or make the exec wait for a file
/// system: after 2.5 s it is killed (ETIMEDOUT), since init has other work to do.
pid_t start_for_client(const Plan& plan, const Start& start, StartFailure& failure);

/// How to start the plan's command; `isolation`: the value of NSLAUNCH_ISOLATION.
Start start_of_command(const Plan& plan, const std::string& isolation);

}  // namespace nslaunch::shard
