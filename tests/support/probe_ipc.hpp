#pragma once

namespace nslaunch::test {

/// Connects to a listener of its own on each ADDRESS (v4 or v6), at once and without trying again.
/// Says "answered" when all did; else names the first that did not and returns 1.
int connect_to_itself(int count, char** addresses);

/// Makes the POSIX message queue NAME: "made", or "there is one" where there was.
int make_queue(const char* name);

}  // namespace nslaunch::test
