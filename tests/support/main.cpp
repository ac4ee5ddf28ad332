#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "support/identity.hpp"

/// Every test runs once as root and once as an ordinary user; ctest says which by NSLAUNCH_TEST_AS.
int main(int count, char** words) {
  nslaunch::test::become_requested_user();
  return Catch::Session().run(count, words);
}
