#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "chaos/volley.hpp"
#include "support/host_folder.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/check.hpp"

// A user who puts a link where root has just made a folder for him, again and again.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// A process of the user's that never rests, until the end of the scope.
class Racer {
 public:
  Racer(const passwd& user, const std::string& folder, const std::string& victim) : pid_(::fork()) {
    sys::check(pid_, "starting a racer");
    if (pid_ == 0) race(user, folder, victim);
  }
  Racer(const Racer&) = delete;
  Racer& operator=(const Racer&) = delete;
  ~Racer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  [[noreturn]] static void race(const passwd& user, const std::string& folder, const std::string& victim) {
    const bool is_user = ::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) == 0 &&
                         ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) == 0;
    if (!is_user || ::chdir(folder.c_str()) != 0) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned turn = 0;; ++turn) {
      const auto aside = std::to_string(turn);
      if (::rename("new", aside.c_str()) != 0) continue;
      if (::symlink(victim.c_str(), "new") != 0) continue;
      for (int wait = 0; wait < 1000; ++wait) ::getppid();
      ::unlink("new");
    }
  }

  pid_t pid_;
};

void be_raced(const Words& options) {
  if (::geteuid() != 0) SKIP_TEST("needs root: --user");
  const char* name = std::getenv("NSLAUNCH_TEST_USER");
  const passwd* user = ::getpwnam(name != nullptr ? name : "nslaunch-test");
  if (user == nullptr) SKIP_TEST("there is no ordinary user nslaunch-test (scripts/test makes it)");
  const HostFolder ground;
  const RegistryView registry;
  const auto own = ground / "own";
  const auto victim = ground / "victim";
  fs::permissions(ground.path(), fs::perms(0755));
  fs::create_directory(own);
  REQUIRE(::chown(own.c_str(), user->pw_uid, user->pw_gid) == 0);
  std::ofstream(victim) << "root's\n";
  fs::permissions(victim, fs::perms(0600));
  auto start = registry.options();
  start.directory = "/";
  Words words = {"--user", user->pw_name};
  for (const auto& option : options) words.push_back(option == "PATH" ? own + "/new" : option);
  words.insert(words.end(), {"--", "true"});
  const Racer racer(*user, own, victim);
  int ran = 0;
  for (int round = chaos_rounds(400); round > 0; --round) {
    const auto ended = run(nslaunch(words), start);
    CHECK((ended.status == 0 || ended.status == 125));
    ran += ended.status == 0 ? 1 : 0;
    struct stat status = {};
    REQUIRE(::lstat(victim.c_str(), &status) == 0);
    REQUIRE(status.st_uid == 0);
    REQUIRE((status.st_mode & 07777) == 0600);
  }
  std::printf("%d of the commands have run\n", ran);
}

}  // namespace

TEST_CASE("a user who races with root for --artifacts gets no file of root's") {
  be_raced({"--artifacts", "PATH"});
}

TEST_CASE("a user who races with root for --private gets no file of root's") {
  be_raced({"--private", "PATH"});
}

}  // namespace nslaunch::test
