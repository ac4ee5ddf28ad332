#include <fcntl.h>
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
#include <functional>
#include <string>

#include "chaos/volley.hpp"
#include "support/host_directory.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"

// A user who puts a link where root has just made a directory for him, again and again.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// A process of the user's that does this in a directory and never rests, until the end of the scope.
class Racer {
 public:
  Racer(const passwd& user, const std::string& directory, const std::function<void()>& turn)
      : pid_(::fork()) {
    sys::check(pid_, "starting a racer");
    if (pid_ == 0) race(user, directory, turn);
  }
  Racer(const Racer&) = delete;
  Racer& operator=(const Racer&) = delete;
  ~Racer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  [[noreturn]] static void race(const passwd& user, const std::string& directory,
                                const std::function<void()>& turn) {
    const bool is_user = ::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) == 0 &&
                         ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) == 0;
    if (!is_user || ::chdir(directory.c_str()) != 0) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) turn();
  }

  pid_t pid_;
};

const passwd& other_user() {
  if (::geteuid() != 0) SKIP_TEST("needs root: --user");
  const char* name = std::getenv("NSLAUNCH_TEST_USER");
  const passwd* user = ::getpwnam(name != nullptr ? name : "nslaunch-test");
  if (user == nullptr) SKIP_TEST("there is no ordinary user nslaunch-test (scripts/test makes it)");
  return *user;
}

/// Time for root's next step, without a clock: the steps of both are system calls.
void rest(int calls) {
  for (; calls > 0; --calls) ::getppid();
}

/// Puts a link where root has just made a directory.
std::function<void()> swapper(const std::string& victim) {
  return [victim, turn = 0U]() mutable {
    const auto aside = std::to_string(turn++);
    if (::rename("new", aside.c_str()) != 0) return;
    if (::symlink(victim.c_str(), "new") != 0) return;
    rest(1000);
    ::unlink("new");
  };
}

void be_raced(const Words& options) {
  const auto& user = other_user();
  const HostDirectory ground;
  const RegistryView registry;
  const auto own = ground / "own";
  const auto victim = ground / "victim";
  fs::permissions(ground.path(), fs::perms(0755));
  fs::create_directory(own);
  REQUIRE(::chown(own.c_str(), user.pw_uid, user.pw_gid) == 0);
  std::ofstream(victim) << "root's\n";
  fs::permissions(victim, fs::perms(0600));
  auto start = registry.options();
  start.directory = "/";
  Words words = {"--user", user.pw_name};
  for (const auto& option : options) words.push_back(option == "PATH" ? own + "/new" : option);
  words.insert(words.end(), {"--", "true"});
  const Racer racer(user, own, swapper(victim));
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

TEST_CASE("a user who swaps a directory for root's changes with a link gets no directory of root's") {
  const auto& user = other_user();
  const HostDirectory sticky;
  const RegistryView registry;
  fs::permissions(sticky.path(), fs::perms(01777));
  for (const auto* name : {"victim", "keep", "project"}) fs::create_directory(sticky / name);
  for (const auto* name : {"keep", "project"})
    REQUIRE(::chown((sticky / name).c_str(), user.pw_uid, user.pw_gid) == 0);
  const auto victim = sticky / "victim";
  fs::permissions(victim, fs::perms(0700));
  fs::create_symlink(victim, sticky / "link");
  REQUIRE(::lchown((sticky / "link").c_str(), user.pw_uid, user.pw_gid) == 0);
  // Quick, to come between two looks of root's.
  const Racer racer(user, sticky.path(), [] {
    ::renameat2(AT_FDCWD, "keep", AT_FDCWD, "link", RENAME_EXCHANGE);
    rest(20);
  });
  const auto overlay = sticky / "project" + "=" + sticky / "keep";
  for (int round = chaos_rounds(400); round > 0; --round) {
    const auto ended = run(nslaunch({"--overlay", overlay, "--", "true"}), registry.options());
    CHECK((ended.status == 0 || ended.status == 125));
    struct stat status = {};
    REQUIRE(::lstat(victim.c_str(), &status) == 0);
    REQUIRE(status.st_uid == 0);
    REQUIRE((status.st_mode & 07777) == 0700);
  }
}

TEST_CASE("a user who exchanges what root has just made for root's changes changes no directory of root's") {
  const auto& user = other_user();
  const HostDirectory ground;
  const RegistryView registry;
  const auto own = ground / "own";
  fs::permissions(ground.path(), fs::perms(0755));
  fs::create_directory(own);
  fs::create_directory(ground / "project");
  fs::create_directory(own + "/old");
  fs::permissions(own + "/old", fs::perms(0500));
  REQUIRE(::chown(own.c_str(), user.pw_uid, user.pw_gid) == 0);
  const sys::Fd old(::open((own + "/old").c_str(), O_PATH | O_CLOEXEC));
  const auto exchange = [] { ::renameat2(AT_FDCWD, "old", AT_FDCWD, "new", RENAME_EXCHANGE); };
  for (int round = chaos_rounds(400); round > 0; --round) {
    {
      const Racer one(user, own, exchange);
      const Racer other(user, own, exchange);
      const auto ended = run(nslaunch({"--overlay", ground / "project" + "=" + own + "/new", "--", "true"}),
                             registry.options());
      CHECK((ended.status == 0 || ended.status == 125));
    }
    struct stat status = {};
    REQUIRE(::fstat(old.get(), &status) == 0);
    REQUIRE((status.st_mode & 07777) == 0500);
    for (const auto* name : {"/old", "/new"}) {
      struct stat entry = {};
      const bool is_old = ::stat((own + name).c_str(), &entry) == 0 && entry.st_ino == status.st_ino;
      if (!is_old) fs::remove_all(own + name);
    }
    if (!fs::exists(own + "/old")) fs::rename(own + "/new", own + "/old");
  }
}

TEST_CASE("a user who makes and removes a capture's name all the time does not get root's capture") {
  const auto& user = other_user();
  const HostDirectory sticky;
  fs::permissions(sticky.path(), fs::perms(01777));
  const RegistryView registry;
  const auto path = sticky / "capture";
  // Without the rests the name is hardly ever free: its maker has the directory's lock again first.
  const Racer racer(user, sticky.path(), [turn = 0]() mutable {
    turn = (turn + 37) % 1000;
    const sys::Fd made(::open("capture", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
    rest(1000 - turn);
    if (made) ::unlink("capture");
    rest(2 * turn);
  });
  const int wanted = chaos_rounds(200) / 4;
  int tries = 0;
  for (int captures = 0; captures < wanted; ++tries) {
    REQUIRE(tries < 200 * wanted);
    ::unlink(path.c_str());
    const auto ended = run(nslaunch({"--pcap", path, "--", "true"}), registry.options());
    CHECK((ended.status == 0 || ended.status == 125));
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0 || status.st_size == 0) continue;
    ++captures;
    REQUIRE(status.st_uid == 0);
    REQUIRE((status.st_mode & 022) == 0);
  }
  std::printf("%d captures in %d tries\n", wanted, tries);
}

}  // namespace nslaunch::test
