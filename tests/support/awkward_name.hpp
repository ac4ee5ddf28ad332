#pragma once

namespace nslaunch::test {

/// A directory's, that does more than name it where it is not quoted for the shell.
constexpr const char* kAwkwardName = "a b;touch ${HOME}PWNED;`touch PWNED`$(touch PWNED)'\"\n\\c";

}  // namespace nslaunch::test
