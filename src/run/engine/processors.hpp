#pragma once

#include <vector>

namespace nslaunch::run {

/// The processors that this process may run on, in their order.
std::vector<unsigned> allowed_processors();

/// Those of `allowed` that whoever has place `slot` (from 0) of several at once gets, `each` for everyone:
/// their own as far as there are enough. Empty: all of them.
std::vector<unsigned> share_of_processors(const std::vector<unsigned>& allowed, unsigned slot, unsigned each);

}  // namespace nslaunch::run
