#pragma once

namespace nslaunch::test {

/// Keeps the lock on its own memory for as long as it lives: a page of a file that a FUSE file system of its
/// own shows, by that device, has been written to and is unmapped, and its server never answers the write.
/// Listens on that port of 127.0.0.1. Says "held" when that is so, "no: " and why where it can't be had.
int hold_memory(const char* device, const char* port);
/// The same of the lock on what it is executing, by an execve(2) that has to write the page.
int hold_exec(const char* device, const char* port);
/// Keeps the lock on a directory: reads its names into a page that the server never brings (K66). Says the
/// same.
int hold_directory(const char* device, const char* directory);
/// Keeps the lock on the size of its terminal's window, by asking for it. Says the same.
int hold_window_size(const char* device);
/// Keeps its terminal from being closed, by reading a line from it. Says the same.
int hold_terminal(const char* device);

}  // namespace nslaunch::test
