#include "cli/common/users.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {

TEST_CASE("a user's number that has no account is not taken for a group's of that number") {
  const TempDir directory;
  const sys::AccountFiles accounts{directory / "users", directory / "groups"};
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
}

TEST_CASE(
    "who is known by number alone has the groups of the account, and without one none that is somebody's") {
  const TempDir directory;
  const sys::AccountFiles files{directory / "users", directory / "groups"};
  write_file(files.users, "own:x:1001:27::/:/bin/sh\n");
  write_file(files.groups,
             "vault:x:5555:\nshut-out:x:4242:other,own\nnogroup:x:65534:\nlast:x:4294967293:\n");
  CHECK(sys::groups_of_user(1001, files).gid == 27);
  CHECK(sys::groups_of_user(1001, files).all == std::vector<gid_t>{27, 4242});
  // Whether or not these files name the group of the same number: it may be one of another directory service.
  for (const std::uint32_t user : {5555U, 5556U})
    CHECK(sys::groups_of_user(user, files).all == std::vector<gid_t>{4294967292});
  CHECK(sys::groups_of_user(1001, files).has_account);
  CHECK_FALSE(sys::groups_of_user(5555, files).has_account);
}

}  // namespace nslaunch::test
