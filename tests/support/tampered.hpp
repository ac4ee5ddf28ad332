#pragma once

#include <string>

#include "support/process.hpp"

namespace nslaunch::test {

/// Whether strace is there and may trace.
bool can_tamper();
/// `words` and all that they start, by strace, which has system calls fail:
/// "poll,ppoll:error=ENOMEM:when=2+". Every thread counts its own calls.
Words tampered(const std::string& injection, const Words& words);
/// Several of these.
Words tampered(const Words& injections, const Words& words);

}  // namespace nslaunch::test
