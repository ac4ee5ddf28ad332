#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace nslaunch::test {

/// For the environment of a program whose sanitizer could not search for leaks: that takes a process more,
/// and the /proc of its own PID namespace.
constexpr const char* kNoLeakSearch = "ASAN_OPTIONS=detect_leaks=0";

/// Runs `body` in a forked child in new namespaces, as in_new_namespaces(), and hands its Result out.
Result result_in_namespaces(int flags, const std::function<Result()>& body);
/// The same in a user namespace of its own as well, in which the caller keeps its ids: limits that are
/// set there are set there alone.
Result result_in_user_namespace(int flags, const std::function<Result()>& body);

/// For StartOptions.prepare: what is left after this exec of all capabilities is `kept` at most.
void drop_capabilities_except(const std::vector<int>& kept);
void drop_capability(int capability);

/// For StartOptions.prepare: a seccomp filter as containers have it. clone3 is not there (ENOSYS), and
/// where `forbid` is set namespaces are forbidden to clone and unshare (EPERM).
void filter_namespaces(bool forbid);
/// Likewise: who asks for a namespace, or makes this system call, is killed (SIGSYS).
void kill_who_makes_namespaces();
void kill_who_calls(unsigned call);
/// Likewise: who makes this system call waits in it for as long as somebody has this process's descriptors.
void hang_who_calls(unsigned call);
/// Likewise: packet sockets are refused (EPERM).
void filter_packet_sockets();
/// Likewise: no filesystem has O_TMPFILE (EOPNOTSUPP).
void filter_unnamed_files();
/// Likewise: no pidfd has an inode of its own, as before Linux 6.9.
void filter_pidfs();
/// Likewise: no pidfd says whose process it is, as before Linux 6.13.
void filter_owners_of_pidfds();

/// nslaunch's own failure: status 125, one to three lines that begin with "nslaunch: ", and the
/// command has not run.
bool explains_itself(const Result& result);

}  // namespace nslaunch::test
