#include "cli/doctor/apparmor_profile.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

namespace nslaunch::test {

using Catch::Matchers::Contains;

TEST_CASE("an AppArmor profile is for AppArmor 4, for one path, and says how it is loaded") {
  const auto profile = cli::apparmor_profile("/opt/my tools/nslaunch");
  CHECK_THAT(profile, Contains("\nabi <abi/4.0>,\n") && Contains("\n  userns,\n"));
  CHECK_THAT(profile, Contains("\nprofile nslaunch \"/opt/my tools/nslaunch\" flags=(unconfined) {\n"));
  CHECK_THAT(profile, Contains("apparmor_parser -r"));
}

TEST_CASE("in an AppArmor profile an odd path matches itself alone") {
  CHECK_THAT(cli::apparmor_profile("/a*b?[c]{d,e}^\"\\@{f}"),
             Contains("\"/a\\*b\\?\\[c\\]\\{d,e\\}\\^\\\"\\\\\\@\\{f\\}\""));
  CHECK_THROWS_AS(cli::apparmor_profile("/with\na line"), Error);
}

}  // namespace nslaunch::test
