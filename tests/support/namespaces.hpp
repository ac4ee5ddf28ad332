#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace nslaunch::test {

/// Runs `body` in a forked child in new namespaces (CLONE_NEW* flags; a user namespace with the
/// caller's own ids is added for an ordinary user) and returns what it returned, or
/// "exception: ..." where it threw. With CLONE_NEWPID the body runs as pid 1 and everything it
/// started is gone afterwards. Skips the test where the kernel refuses the namespaces; throws when
/// the body takes longer than 60 s.
std::string in_new_namespaces(int flags, const std::function<std::string()>& body);

/// Forks a child that runs `body` and exits with its result. For use in a body: no Catch2 in it.
pid_t fork_child(const std::function<int()>& body);

/// Forks a child that runs `prepare` and then waits for ever; returns once it has prepared. Throws
/// where `prepare` threw.
pid_t start_and_prepare(const std::function<void()>& prepare);

/// Mounts a fresh /proc for the caller's PID namespace (needs CLONE_NEWPID and CLONE_NEWNS). False
/// where the kernel refuses it (a masked outer /proc, say).
bool mount_proc();

/// Sets lo up in the caller's network namespace.
void bring_loopback_up();

}  // namespace nslaunch::test
