#pragma once

namespace nslaunch::test {

/// What the probe's "push" does (probe_acts.hpp).
int push_back();

}  // namespace nslaunch::test
