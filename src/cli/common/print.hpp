#pragma once

#include <string>

namespace nslaunch::cli {

/// Writes all of `text` to the standard output. Throws Error, which begins with `doing`: "writing the list".
void print(const std::string& text, const char* doing);

}  // namespace nslaunch::cli
