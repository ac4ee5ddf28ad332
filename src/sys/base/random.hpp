#pragma once

#include <string>

namespace nslaunch::sys {

/// 16 hexadecimal digits that nobody else comes to. Throws Error.
std::string random_hex();

}  // namespace nslaunch::sys
