#pragma once

#include <string>

namespace nslaunch::sys {

/// 16 random hexadecimal digits, unique in practice. Throws Error.
std::string random_hex();

}  // namespace nslaunch::sys
