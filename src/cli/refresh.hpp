#pragma once

#include <string>
#include <string_view>

namespace nslaunch::cli {

/// `text`, to be written over what the terminal showed before, from its top. Each line's rest and the rest of
/// the screen are cleared as they are reached, so nothing flickers.
std::string in_place(std::string_view text);

/// Between two looks. True, for the loop that it stands in.
bool pause_of_a_second();

}  // namespace nslaunch::cli
