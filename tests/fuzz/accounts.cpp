// USER[:GROUP] by files like /etc/passwd and /etc/group: the word, the users and the groups.
#include "cli/common/users.hpp"
#include "input.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto words = fuzz::Input(data, size).words();
  words.resize(3);
  const fuzz::MemoryFile users(words[1]);
  const fuzz::MemoryFile groups(words[2]);
  fuzz::works([&] {
    const auto ids = nslaunch::cli::find_user(words[0], "--user", {users.path(), groups.path()});
    fuzz::require(!ids.groups.empty() && ids.groups.front() == ids.gid,
                  "the first of the groups is the user's own");
    const auto by_number = std::to_string(ids.uid) + ":" + std::to_string(ids.gid);
    const auto again = nslaunch::cli::find_user(by_number, "--user", {users.path(), groups.path()});
    fuzz::require(again.uid == ids.uid && again.gid == ids.gid, "ids are the same by their numbers");
  });
  return 0;
}
