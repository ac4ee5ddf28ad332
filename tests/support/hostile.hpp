#pragma once

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "support/host_directory.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::test {

/// Of the link itself; -1 where there is nothing.
inline uid_t owner_of(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_uid : uid_t(-1);
}

/// The user, with a directory of his own, and a directory of root's that he is after.
class Hostile {
 public:
  Hostile() {
    std::filesystem::permissions(ground.path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(own);
    REQUIRE(::chown(own.c_str(), uid, gid) == 0);
    std::filesystem::create_directory(victim);
    std::filesystem::permissions(victim, std::filesystem::perms(0711));
  }

  /// In a child that has none of our descriptors but those in `used`.
  void act(const std::function<void()>& work, const std::vector<int>& used = {}) const {
    const auto answered = [&] {
      work();
      return sys::Answer{"done"};
    };
    sys::as_user(uid, gid, {}, kPatience, answered, sys::Signals::kWait, used);
  }
  void link(const std::string& target, const std::string& name) const {
    act([&] { std::filesystem::create_symlink(target, name); });
  }

  /// A directory of root's where everybody may make things.
  std::string make_sticky() const {
    const auto sticky = ground / "sticky";
    std::filesystem::create_directory(sticky);
    std::filesystem::permissions(sticky, std::filesystem::perms(01777));
    return sticky;
  }

  StartOptions options() const {
    auto options = registry.options();
    options.directory = "/";
    return options;
  }
  Words words(Words more) const {
    more.insert(more.begin(), {"--user", std::to_string(uid) + ":" + std::to_string(gid)});
    return more;
  }
  Result run_with(Words more, const std::string& script) const {
    return run(in_shard(script, words(std::move(more))), options());
  }
  /// Root's directory is as it was.
  bool victim_is_untouched() const {
    struct stat status = {};
    return ::lstat(victim.c_str(), &status) == 0 && status.st_uid == 0 &&
           (status.st_mode & 07777) == victims_mode && std::filesystem::is_empty(victim);
  }

  const passwd account = find_account();  // first: a test that is skipped leaves no directory
  const uid_t uid = account.pw_uid;
  const gid_t gid = account.pw_gid;
  RegistryView registry;
  HostDirectory ground;
  std::string own = ground / "own";
  std::string victim = ground / "victim";
  mode_t victims_mode = 0711;

 private:
  static passwd find_account() {
    if (::geteuid() != 0) SKIP_TEST("needs root: --user");
    const char* name = std::getenv("NSLAUNCH_TEST_USER");
    const passwd* user = ::getpwnam(name != nullptr ? name : "nslaunch-test");
    if (user == nullptr) SKIP_TEST("there is no ordinary user nslaunch-test (scripts/test makes it)");
    return *user;
  }
};

}  // namespace nslaunch::test
