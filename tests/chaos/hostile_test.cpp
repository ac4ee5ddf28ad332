#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

#include "chaos/volley.hpp"
#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

// In a /tmp of the test's own.
const std::string kPlace = "/tmp/place";
const std::string kHome = kPlace + "/home";   ///< the user's
const std::string kRoots = kPlace + "/root";  ///< root's, which nobody may change
const std::string kProgram = kPlace + "/nslaunch";

/// Gives up root's rights, as a program that the user has started has none.
void become(const passwd& user) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0 ||
      ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0) {
    ::_exit(96);
  }
  ::prctl(PR_SET_DUMPABLE, 1);
}

/// Swaps `name` for `trap` and back, and takes away what root has made there, again and again.
void swap(const std::string& name, const std::string& trap) {
  const auto exchange = [&] {
    return ::syscall(SYS_renameat2, AT_FDCWD, name.c_str(), AT_FDCWD, trap.c_str(), RENAME_EXCHANGE) == 0;
  };
  if (exchange()) exchange();
  ::rmdir(name.c_str());
}

/// Puts another directory with a link named "work" where overlayfs is to work, and takes it away again.
void swap_work_directories(const std::string& directory, const std::string& aim) {
  static int moved = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto path = entry.path().string();
    if (path.find("/.nslaunch-") == std::string::npos) continue;
    ::rename(path.c_str(), fmt::format("{}/moved-{}", directory, ++moved).c_str());
    ::mkdir(path.c_str(), 0755);
    ::symlink(aim.c_str(), (path + "/work").c_str());
  }
}

/// A program of the user's that does something in a tight loop, until the test ends.
void start_attack(const passwd& user, const std::function<void()>& act) {
  if (fork_child([&] {
        become(user);
        for (;;) {
          try {
            act();
          } catch (const fs::filesystem_error&) {  // what it was looking at has gone
          }
        }
        return 0;
      }) < 0)
    throw std::runtime_error("no attack");
}

/// All that is below `directory`: what each is, whose, and what is in it.
std::string state_of(const std::string& directory) {
  std::set<std::string> lines;
  const auto add = [&](const std::string& path) {
    struct stat status = {};
    ::lstat(path.c_str(), &status);
    const auto text = S_ISREG(status.st_mode) ? sys::read_file(path.c_str()).value_or("") : "";
    lines.insert(fmt::format("{} {:o} {}:{} {}", path, status.st_mode, status.st_uid, status.st_gid, text));
  };
  add(directory);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) add(entry.path());
  std::string state;
  for (const auto& line : lines) state += line + "\n";
  return state;
}

StartOptions plain_options() {
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR", "XDG_RUNTIME_DIR"};
  options.directory = "/";
  return options;
}

/// nslaunch as root. What it says and returns is its business, but it must end, and not by a signal.
std::string ask(const Words& words) {
  Words all{kProgram};
  all.insert(all.end(), words.begin(), words.end());
  try {
    const auto ended = Process(all, plain_options()).wait(std::chrono::seconds{30});
    if (ended.signal != 0)
      throw std::runtime_error(fmt::format("died of signal {}: {}", ended.signal, ended.err));
    return ended.out;
  } catch (const std::exception& problem) {
    throw std::runtime_error(words.front() + ": " + problem.what());
  }
}

/// Directories and programs of both, in a /tmp and a /run that nobody else sees.
void make_place(const passwd& user) {
  sys::check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
  if (!mount_proc()) throw std::runtime_error("no /proc");
  for (const char* path : {"/tmp", "/run"})
    sys::check(::mount("tmpfs", path, "tmpfs", 0, "mode=1777,size=256m"), "mounting on {}", path);
  for (const auto& directory : {kHome + "/checkout", kHome + "/trap", kRoots + "/inner"})
    fs::create_directories(directory);
  fs::copy(nslaunch_binary(), kProgram);
  write_file(kRoots + "/canary", "root's own\n", 0640);
  write_file(kHome + "/mine", "#!/bin/sh\nid -u >>" + kHome + "/ran\n", 0755);
  write_file(kHome + "/stay", "#!/bin/sh\necho $NSLAUNCH_ID\nexec sleep infinity\n", 0755);
  for (const char* name : {"", "/checkout", "/trap"})
    sys::check(::chown((kHome + name).c_str(), user.pw_uid, user.pw_gid), "giving {} away", name);
}

/// A shard that lives until the end, of the user's or of root's.
std::unique_ptr<Process> start_shard(const passwd* user, const std::string& name, std::string& id) {
  auto options = plain_options();
  if (user != nullptr) options.prepare = [user] { become(*user); };
  auto shard = std::make_unique<Process>(Words{kProgram, "--name", name, "--", kHome + "/stay"}, options);
  id = shard->read_line();
  return shard;
}

/// The user's programs, each of which wants root to do something to root's own files, or in root's own shard.
void start_attacks(const passwd& user, const std::string& users_id, const std::string& roots_id) {
  const std::pair<std::string, std::string> aims[] = {{"artifacts", kRoots + "/canary"},
                                                      {"autopsies", kRoots},
                                                      {"private", kRoots + "/inner"},
                                                      {"kept", kRoots + "/inner"}};
  std::vector<std::pair<std::string, std::string>> swapped;
  for (const auto& [name, aim] : aims) {
    swapped.emplace_back(kHome + "/" + name, kHome + "/trap/" + name);
    fs::create_symlink(aim, swapped.back().second);
  }
  start_attack(user, [swapped] {
    for (const auto& [name, trap] : swapped) swap(name, trap);
    swap_work_directories(kHome, kRoots + "/canary");
  });
  const auto registry = fmt::format("/tmp/nslaunch-{}/", user.pw_uid);
  std::vector<std::pair<std::string, std::string>> linked;
  for (const char* kind : {".sock", ".shard"}) {
    linked.emplace_back(registry + users_id + kind, kHome + "/trap/link" + kind);
    fs::create_symlink("/run/nslaunch/" + roots_id + kind, linked.back().second);
  }
  // Records that are none, and one that has a stranger's socket.
  write_file(registry + "damaged.shard", "nslaunch 1 R\ninit 1 2\n", 0600);
  ::mkfifo((registry + "fifo.shard").c_str(), 0600);
  fs::create_symlink(kRoots + "/canary", registry + "linked.shard");
  fs::copy(registry + users_id + ".shard", registry + "copied.shard");
  fs::create_symlink("/run/nslaunch/" + roots_id + ".sock", registry + "copied.sock");
  for (const char* name : {"damaged.shard", "fifo.shard", "copied.shard"})
    sys::check(::chown((registry + name).c_str(), user.pw_uid, user.pw_gid), "giving {} away", name);
  start_attack(user, [linked] {
    for (const auto& [name, trap] : linked) swap(name, trap);
  });
}

/// What root does meanwhile: runs the user's tests and looks at the user's shards.
void act_as_root(const passwd& user, int round) {
  const Words as_user = {"--user", user.pw_name, "--grace", "10ms"};
  const auto run = [&](const Words& options, const Words& command) {
    Words words = as_user;
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    ask(words);
  };
  run({"--artifacts", kHome + "/artifacts"}, {kHome + "/mine"});
  run({"--private", kHome + "/private", "--overlay", kHome + "/checkout=" + kHome + "/kept"},
      {kHome + "/mine"});
  run({"--artifacts", kHome + "/autopsies", "--timeout", "20ms"}, {"sleep", "infinity"});
  run({"--report-json", kHome + "/trap/report", "--tmp", kHome + "/trap"}, {kHome + "/mine"});
  ask({"exec", "users", "--", kHome + "/mine"});
  if (round % 4 == 0) {
    ask({"list", "--all"});
    ask({"inspect", "users"});
    ask({"exec", "copied", "--", kHome + "/mine"});
    ask({"kill", "--signal", "USR1", "copied"});
    ask({"reap", "--all"});
  }
}

/// Whom the user's program has run as.
std::set<std::string> users_of_what_ran() {
  std::set<std::string> users;
  std::istringstream lines(sys::read_file((kHome + "/ran").c_str()).value_or(""));
  for (std::string line; std::getline(lines, line);) users.insert(line);
  return users;
}

std::string attacked(const passwd& user, int rounds) {
  make_place(user);
  std::string users_id;
  std::string roots_id;
  const auto roots = start_shard(nullptr, "roots", roots_id);
  const auto users = start_shard(&user, "users", users_id);
  const auto before = state_of(kRoots);
  start_attacks(user, users_id, roots_id);
  int round = 0;
  while (round < rounds && state_of(kRoots) == before) act_as_root(user, round++);
  std::string wrong;
  if (const auto after = state_of(kRoots); after != before)
    wrong += fmt::format("in round {} of {}:\n{}became\n{}", round, rounds, before, after);
  for (const auto& who : users_of_what_ran()) {
    if (who != std::to_string(user.pw_uid)) wrong += "the user's program ran as " + who + "\n";
  }
  if (ask({"list", "--json"}).find(roots_id) == std::string::npos) wrong += "root's shard has gone\n";
  return wrong;
}

}  // namespace

TEST_CASE(
    "a user who swaps directories, records and sockets while root acts for them gains nothing of root's") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  const char* name = std::getenv("NSLAUNCH_TEST_USER");
  const passwd* user = ::getpwnam(name != nullptr ? name : "nslaunch-test");
  if (user == nullptr) SKIP_TEST("needs an ordinary user beside root");
  const int rounds = chaos_rounds(16);
  // Few at a time, since a minute is what they are given.
  for (int left = rounds; left > 0; left -= 8)
    CHECK(in_new_namespaces(CLONE_NEWNS | CLONE_NEWPID, [&] { return attacked(*user, std::min(left, 8)); }) ==
          "");
  std::printf("%d rounds\n", rounds);
}

}  // namespace nslaunch::test
