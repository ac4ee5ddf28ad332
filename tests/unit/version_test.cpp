#include <nslaunch/version.hpp>

#include <catch2/catch.hpp>

#include "sys/base/check.hpp"

TEST_CASE("the version that is compiled against is that of the library", "[unit]") {
  CHECK(nslaunch::version() ==
        fmt::format("{}.{}.{}", NSLAUNCH_VERSION_MAJOR, NSLAUNCH_VERSION_MINOR, NSLAUNCH_VERSION_PATCH));
}
