#pragma once

namespace nslaunch::test {

/// What the probe's "break-out" and "unread" do (probe_acts.hpp).
int break_out();
int leave_unread(int count);

}  // namespace nslaunch::test
