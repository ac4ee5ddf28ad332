#pragma once

namespace nslaunch::cli {

/// Ends as the command did, so that a shell's loop stops on Ctrl-C. Not dumpable: the command's core
/// file must not be overwritten by ours. Returns where we are PID 1, which no signal of its own ends.
void die_of(int signal);

}  // namespace nslaunch::cli
