#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace nslaunch::cli {

/// `text`, to be written over what the terminal showed before, from its top. Each line's rest and the rest of
/// the screen are cleared as they are reached, so nothing flickers.
std::string in_place(std::string_view text);

/// Calls `show` once, or again every second until somebody ends us.
void show_once_or_again(bool again, const std::function<void()>& show);

}  // namespace nslaunch::cli
