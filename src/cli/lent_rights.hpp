#pragma once

namespace nslaunch::cli {

/// Throws Error where this program has been given rights that its caller lacks: it is set-user-id,
/// set-group-id or has file capabilities, and would lend them to every command that it starts.
void refuse_lent_rights();

}  // namespace nslaunch::cli
