#pragma once

#include <vector>

namespace nslaunch::run {

/// The processors that this process may run on, in ascending order.
std::vector<unsigned> allowed_processors();

/// The processors of `allowed` for the shard in slot `slot` (from 0) of several at once, `each` per shard:
/// its own as far as there are enough. Empty: all of them.
std::vector<unsigned> share_of_processors(const std::vector<unsigned>& allowed, unsigned slot, unsigned each);

}  // namespace nslaunch::run
