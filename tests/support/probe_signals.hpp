#pragma once

#include <csignal>

namespace nslaunch::test {

/// Says "ready", then a line "signal N" for every signal it gets, one by one: none is handled, all
/// are taken from the queue, and only SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU do what they do. At
/// kDone it says "done" and exits with 0. Further words on the command line are ignored, so that a test
/// can mark its probe.
int count_signals();

/// The last of the queue: what a signal of a lower number left pending is printed before "done".
inline const int kDone = SIGRTMAX;

}  // namespace nslaunch::test
