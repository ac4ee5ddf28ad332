#pragma once

namespace nslaunch::cli {

/// Throws Error if this program has been given rights that its caller lacks: it is set-user-id, set-group-id
/// or has file capabilities, and would pass them to every command that it starts.
void refuse_lent_rights();

/// Makes what exceeds the caller's limits fail with an error that can be reported, instead of ending this
/// process. A command still gets the caller's disposition of SIGXFSZ: exec resets handlers. Returns false,
/// and reports it, if the stack is too small for anything (ulimit -s).
bool endure_narrow_limits() noexcept;

/// Reports a std::bad_alloc; allocates no memory itself.
void say_out_of_memory() noexcept;

}  // namespace nslaunch::cli
