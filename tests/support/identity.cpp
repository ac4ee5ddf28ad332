#include "support/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

std::string& program_directory() {
  const char* asked = std::getenv("NSLAUNCH_TEST_PROGRAMS");
  static std::string directory = asked != nullptr ? asked : NSLAUNCH_TEST_PROGRAMS;
  return directory;
}

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

bool reachable_by_all(const fs::path& path) {
  for (auto directory = path; directory != directory.root_path(); directory = directory.parent_path()) {
    struct stat status = {};
    if (::stat(directory.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
  }
  return true;
}

/// Copies made under a name that says which build they are of; the first of several tests makes them.
std::string stage_programs(const std::string& directory) {
  struct stat status = {};
  const std::string program = directory + "/nslaunch";
  if (::stat(program.c_str(), &status) != 0) die("there is no " + program);
  const fs::path staged = "/var/tmp/nslaunch-test-stage-" + std::to_string(status.st_ino) + "-" +
                          std::to_string(status.st_mtim.tv_sec) + std::to_string(status.st_mtim.tv_nsec);
  if (fs::exists(staged)) return staged;
  std::string unfinished = staged.string() + "-XXXXXX";
  if (::mkdtemp(unfinished.data()) == nullptr) die("cannot make a directory in /var/tmp");
  for (const char* name : {"nslaunch", "nslaunch_probe", "nslaunch_fake_test"})
    fs::copy(directory + "/" + name, unfinished + "/" + name);
  fs::permissions(unfinished, fs::perms(0755));
  std::error_code taken;
  fs::rename(unfinished, staged, taken);
  if (taken) fs::remove_all(unfinished);
  return staged;
}

/// Some machines let root alone make terminals (devpts mounted with ptmxmode=000): then the ordinary user
/// gets a /dev/pts of its own, which nobody else sees.
void let_everybody_make_terminals() {
  struct stat status = {};
  if (::stat("/dev/ptmx", &status) != 0 || (status.st_mode & S_IWOTH) != 0) return;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0 ||
      ::mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0600") != 0) {
    die("cannot let the ordinary user make terminals");
  }
}

void become(const passwd& user) {
  let_everybody_make_terminals();
  if (!reachable_by_all(program_directory())) program_directory() = stage_programs(program_directory());
  if (::setgroups(0, nullptr) != 0 || ::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0 ||
      ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0) {
    die("cannot become the ordinary user");
  }
  // Giving up ids made this process undumpable, and its /proc files root's: no id maps could be written.
  ::prctl(PR_SET_DUMPABLE, 1);
  ::setenv("HOME", user.pw_dir, 1);
  ::setenv("USER", user.pw_name, 1);
  ::setenv("LOGNAME", user.pw_name, 1);
  ::unsetenv("XDG_RUNTIME_DIR");
  if (::chdir(user.pw_dir) != 0) die("cannot enter the ordinary user's home");
}

}  // namespace

void become_requested_user() {
  const char* wanted = std::getenv("NSLAUNCH_TEST_AS");
  const std::string_view as = wanted == nullptr ? "" : wanted;
  if (as == "root" && ::geteuid() != 0) SKIP_TEST("needs root");
  if (as != "user" || ::geteuid() != 0) return;
  const char* name = std::getenv("NSLAUNCH_TEST_USER");
  const passwd* user = ::getpwnam(name != nullptr ? name : "nslaunch-test");
  if (user == nullptr) SKIP_TEST("there is no ordinary user nslaunch-test (scripts/test makes it)");
  become(*user);
}

const std::string& nslaunch_binary() {
  static const std::string path = program_directory() + "/nslaunch";
  return path;
}

bool has_sanitized_program() {
  return nslaunch_binary().find("/asan/") != std::string::npos;
}

const std::string& probe_binary() {
  static const std::string path = program_directory() + "/nslaunch_probe";
  return path;
}

const std::string& fake_test() {
  static const std::string path = program_directory() + "/nslaunch_fake_test";
  return path;
}

}  // namespace nslaunch::test
