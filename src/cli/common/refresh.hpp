#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace nslaunch::cli {

/// `text`, prepared to overwrite what the terminal showed before, from the top. The rest of each line and of
/// the screen is cleared only when it is reached, so nothing flickers.
std::string in_place(std::string_view text);

/// Calls `show` once, or again every second until this process is terminated.
void show_once_or_again(bool again, const std::function<void()>& show);

}  // namespace nslaunch::cli
