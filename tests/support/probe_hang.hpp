#pragma once

namespace nslaunch::test {

/// Starts COUNT threads, says "up", and stays with them.
int stay_with_threads(int count);

}  // namespace nslaunch::test
