#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "registry/record/record.hpp"
#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

// More records of a user than root can look into.
namespace nslaunch::test {
namespace {

constexpr int kCopies = 3000;
constexpr const char* kLastPid = "/proc/sys/kernel/ns_last_pid";

/// Records of a live shard without number, as its user can make them.
void copy_record() {
  become(kSomebody);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which that has taken back
  ::umask(077);
  const auto directory = fmt::format("/tmp/nslaunch-{}", kSomebody);
  sys::check(::mkdir(directory.c_str(), 0700), "making {}", directory);
  for (int number = 0; number < kCopies; ++number) {
    auto record = make_record(fmt::format("copy{}", number));
    // What this program has remembered of an earlier test may be another's.
    record.launcher.pidns_inode = sys::namespace_inode(0, "pid");
    record.init = record.launcher;
    write_file(directory + "/" + record.id + ".shard", registry::encode(record, ShardState::kRunning));
  }
}

/// How many processes a command has started, if nobody else in its PID namespace does.
int started_by(const Process& command) {
  return std::atoi(sys::read_file(kLastPid).value().c_str()) - command.pid();
}

}  // namespace

TEST_CASE("list asks other users' shards for a short time in all, however many records there are") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const auto seen = in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    if (!mount_proc() || ::access(kLastPid, R_OK) != 0) return std::string("no count");
    return in_private_mounts([] {
      ::unsetenv("XDG_RUNTIME_DIR");
      ::unsetenv("NSLAUNCH_STATE_DIR");
      sys::check(::mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"), "making room for records");
      const IdleProcess user(copy_record);
      Process list(nslaunch({"list", "--all"}));
      if (!eventually([&] { return started_by(list) > 20; })) return std::string("it asks nobody");
      list.send_signal(SIGSTOP);
      ::poll(nullptr, 0, 2500);  // the time for asking passes
      list.send_signal(SIGCONT);
      const auto ended = list.wait();
      return fmt::format("{} {} {}", ended.status, std::ranges::count(ended.out, '\n') == kCopies,
                         started_by(list) < kCopies);
    });
  });
  if (seen == "no count") SKIP_TEST("no fresh /proc here, or without the last process's number");
  CHECK(seen == "0 true true");
}

TEST_CASE(
    "another user's records with very many words are looked at as far as there is room, which is said") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const auto seen = in_private_mounts([] {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::unsetenv("NSLAUNCH_STATE_DIR");
    sys::check(::mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"), "making room for records");
    constexpr std::size_t kRecords = 200;
    const IdleProcess user([] {
      become(kSomebody);
      ::umask(077);
      const auto directory = fmt::format("/tmp/nslaunch-{}", kSomebody);
      sys::check(::mkdir(directory.c_str(), 0700), "making {}", directory);
      for (std::size_t number = 0; number < kRecords; ++number) {
        auto record = make_record(fmt::format("wordy{}", number));
        record.command.assign(8000, "");
        write_file(directory + "/" + record.id + ".shard", registry::encode(record, ShardState::kRunning));
      }
    });
    std::vector<std::string> warnings;
    const auto found = list_shards(true, warnings);
    if (found.empty() || found.front().record.command.size() < 4000) return std::string("no words");
    return fmt::format("{} {}", found.size() > 10 && found.size() < kRecords, warnings.at(0));
  });
  CHECK_THAT(seen, Catch::StartsWith("true user 54321 has more than") && Catch::Contains("or much room"));
}

}  // namespace nslaunch::test
