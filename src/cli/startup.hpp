#pragma once

namespace nslaunch::cli {

/// Throws Error where this program has been given rights that its caller lacks: it is set-user-id,
/// set-group-id or has file capabilities, and would lend them to every command that it starts.
void refuse_lent_rights();

/// Has what the caller's limits forbid fail with an error that can be told, where it would end this process.
/// A command gets the caller's disposition of SIGXFSZ all the same: exec resets handlers. False, and said,
/// where the stack is too small for anything (ulimit -s).
bool endure_narrow_limits() noexcept;

/// For a std::bad_alloc: takes no memory itself.
void say_out_of_memory() noexcept;

}  // namespace nslaunch::cli
