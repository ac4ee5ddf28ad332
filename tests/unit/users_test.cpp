#include "cli/common/users.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {

TEST_CASE("a user's number that has no account is not taken for a group's of that number") {
  const TempDir directory;
  const cli::Accounts accounts{directory / "users", directory / "groups"};
  write_file(accounts.users, "own:x:1001:27::/:/bin/sh\n");
  write_file(accounts.groups, "vault:x:5555:\n");
  const auto ids = [&](const std::string& text) {
    const auto found = cli::find_user(text, "--user", accounts);
    return std::vector<std::uint32_t>{found.uid, found.gid};
  };
  CHECK_THROWS_WITH(ids("5555"), Catch::Contains("user 5555 has no account") &&
                                     Catch::Contains("group 5555 is vault") &&
                                     Catch::Contains("--user 5555:GROUP"));
  CHECK(ids("5555:vault") == std::vector<std::uint32_t>{5555, 5555});
  CHECK(ids("5556") == std::vector<std::uint32_t>{5556, 5556});
  CHECK(ids("1001") == std::vector<std::uint32_t>{1001, 27});
  CHECK(cli::ids_of(1001, accounts).gid == 27);
  CHECK(cli::ids_of(5555, accounts).groups == std::vector<std::uint32_t>{65534});
}

}  // namespace nslaunch::test
