#pragma once

#include <sys/resource.h>
#include <nslaunch/outcome.hpp>

#include <string>

#include "inspect/leaks/survivors.hpp"

namespace nslaunch::shard {

/// A shard's usage consists of what init has reaped, which the launcher gets when it reaps init, and of what
/// was still running then, which init reports in its last message.

std::string pack(const inspect::Unreaped& unreaped);
/// Stores such a payload in the outcome; does nothing if it is empty.
void take_unreaped(const std::string& payload, Outcome& outcome);

void add(const rusage& reaped, Usage& usage);

}  // namespace nslaunch::shard
