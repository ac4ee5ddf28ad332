#pragma once

#include <sys/resource.h>
#include <nslaunch/outcome.hpp>

#include <string>

#include "inspect/leaks/survivors.hpp"

namespace nslaunch::shard {

/// What a shard has used is what init has reaped, which the launcher learns when it reaps init, and what
/// was still running then, which init says in its last message.

std::string pack(const inspect::Unreaped& unreaped);
/// Takes that into the outcome; an empty payload is nothing to take.
void take_unreaped(const std::string& payload, Outcome& outcome);

void add(const rusage& reaped, Usage& usage);

}  // namespace nslaunch::shard
