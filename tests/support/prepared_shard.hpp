#pragma once

#include <functional>
#include <string>

#include "support/process.hpp"

namespace nslaunch::test {

bool is_root();

/// A script that says what the shard is, who the command is, and whether 127.0.0.1 answers.
const std::string& what_it_is();

/// Runs a script in a shard whose launcher `prepare` has taken something from (StartOptions.prepare).
Result in_shard_prepared(const std::function<void()>& prepare, const std::string& script = what_it_is(),
                         Words words = {});

/// Checks that what_it_is() ran in a shard, without a word of nslaunch's about something that is missing
/// or (check_works) with.
void check_works(const Result& result);
void check_works_in_full(const Result& result);

}  // namespace nslaunch::test
