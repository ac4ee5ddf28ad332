#pragma once

namespace nslaunch::test {

/// What the probe does when it is given words, each further word being a mark for its command line:
///   serve ADDRESS PORT  listens, says "up", and at the end of its input connects to itself; 0 when
///                       its own listener answered
///   stay                ignores every signal that can be ignored, says "up", and stays for ever
///   swarm COUNT         leaves COUNT daemons that stay (double fork, own session), says "up" when
///                       the last one does, and exits
///   clean-up            says "ready", counts SIGINT aloud, and at the second cleans up and exits with 7
///   threads COUNT       starts that many threads, says "up", and stays
///   rename FROM TO      rename(2), and what comes of it: "renamed" or the error
///   push                types a line on its terminal for whoever reads there next, by every way that the
///   machine
///                       has; says of each what came of it, then "done"
///   break-out           takes every descriptor of init's and enters the namespaces that it leads to; says
///                       "out by " and the number for each that has led to others than our own
///   unread COUNT        says "up", with so many descriptors sent to itself and not received until its input
///   ends bomb COUNT          every process of it forks until there are COUNT, which all stay; says "up"
///   hold-memory DEVICE PORT  keeps the lock on its own memory for ever (probe_lock.hpp), says "held"
///   hold-exec DEVICE PORT    the same, by an execve(2) that does not end
///   hold-directory DEVICE DIRECTORY  keeps the lock on that directory for ever, says "held"
///   hold-window-size DEVICE  keeps the lock on the size of its terminal (standard input), says "held"
///   hold-terminal DEVICE     reads a line from its terminal and keeps it from being closed, says "held"
int act(int count, char** words);

}  // namespace nslaunch::test
