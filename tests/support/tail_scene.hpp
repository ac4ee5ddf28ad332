#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// What `body` says as PID 1 of new namespaces, with a /proc and a loopback of their own.
std::string as_init(const std::function<std::string()>& body);

/// A pipe that is full after one page, so that its writer is soon stuck with much left to write.
sys::Pipe make_small_pipe();
/// Reads `count` bytes, or up to end of file. Waits at most 20 s for each part.
std::size_t read_bytes(int fd, std::size_t count);
/// Makes the pipe the standard input and closes its other descriptors.
void read_from(sys::Pipe& pipe);

/// Runs a script in bash with `output` as its standard output and waits for bash's own end.
void run_bash(const char* script, sys::Fd& output);
/// The process of that name in this PID namespace. Throws where there is none.
pid_t pid_of(const std::string& comm);
/// Waits at most 20 s until the process, which need not be a child, has stopped.
void wait_for_stop(pid_t pid);

}  // namespace nslaunch::test
