#pragma once

namespace nslaunch::cli {

/// Ends by the signal that ended the command, so that a shell's loop stops on Ctrl-C. Not dumpable: our core
/// file must not overwrite the command's. Returns if we are PID 1, which can't end itself by a signal.
void die_of(int signal);

}  // namespace nslaunch::cli
