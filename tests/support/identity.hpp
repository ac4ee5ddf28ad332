#pragma once

#include <string>

namespace nslaunch::test {

/// NSLAUNCH_TEST_AS=root needs root (or the test counts as skipped); =user gives root's rights up for
/// those of NSLAUNCH_TEST_USER (nslaunch-test where it is unset) with that user's HOME and none of
/// root's environment. Where that user can't reach the programs under test, copies of them in
/// /var/tmp are used; scripts/test removes those.
void become_requested_user();

/// The program under test and the probe that tests run inside shards.
const std::string& nslaunch_binary();
/// Whether that has been built with the sanitizers (NSLAUNCH_TEST_PROGRAMS).
bool has_sanitized_program();
const std::string& probe_binary();
/// The test command that does as it is told (tests/support/fake-test).
const std::string& fake_test();

}  // namespace nslaunch::test
