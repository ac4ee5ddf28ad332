#pragma once

namespace nslaunch::test {

/// Starts COUNT threads, says "up", and stays with them.
int stay_with_threads(int count);

/// Leaves IDLE processes, and two more that stop and continue FLAPPING others each, all the time.
int leave_flapping(int idle, int flapping);

}  // namespace nslaunch::test
