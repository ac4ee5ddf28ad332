#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("/proc shows the shard's processes and nobody else's") {
  const RegistryView state;
  const auto ended =
      run(in_shard("ps -e -o pid= -o comm= | sort -n | awk '{print $2}'; ls -d /proc/[0-9]* | wc -l"),
          state.options());
  CHECK_THAT(ended.out, Catch::Matchers::StartsWith("shard-init\nsh\nps\n"));
  const auto own = run(in_shard("test \"$(cat /proc/$$/comm)\" = sh"), state.options());
  CHECK(own.status == 0);
}

TEST_CASE("a mount made in a shard is not seen outside") {
  const RegistryView state;
  const TempDir directory;
  fs::create_directory(directory / "point");
  const auto script = "mount -t tmpfs none " + (directory / "point") + " && touch " + (directory / "point") +
                      "/inside; echo $?; read line";
  Process process(in_shard(script, {"--map-root", "--keep", directory.path()}), state.options());
  // With root's --map-root there is no user namespace and mount works; in one it works as well.
  CHECK(process.read_line() == "0");
  CHECK(fs::is_empty(directory / "point"));
  CHECK_THAT(sys::read_file("/proc/self/mountinfo", 16 << 20).value_or(""), !Contains(directory.path()));
  process.close_input();
  process.wait();
  CHECK(fs::is_empty(directory / "point"));
}

TEST_CASE("the pids of two shards differ") {
  const RegistryView state;
  std::set<std::string> pids;
  for (int launch = 0; launch < 20; ++launch) pids.insert(run(in_shard("echo $$"), state.options()).out);
  CHECK(pids.size() >= 15);
  CHECK_FALSE(pids.contains("2\n"));
}

TEST_CASE("System V segments, queues and semaphores of one shard are not seen in another or outside") {
  const RegistryView state;
  Process maker(in_shard("ipcmk -M 4096 -Q -S 1 >/dev/null; ipcs -m -q -s | grep -c ^0x; read line"),
                state.options());
  CHECK(maker.read_line() == "3");
  const auto count = "ipcs -m -q -s | grep -c ^0x";
  CHECK(run(in_shard(count), state.options()).out == "0\n");
  const auto outside =
      run({"sh", "-c", "ipcs -m -q -s | awk -v me=$(id -un) '/^0x/ && $3 == me'"}, state.options());
  CHECK(outside.out.empty());
}

TEST_CASE("a POSIX queue and a shared memory object of one shard do not exist in another or outside") {
  const RegistryView state;
  const auto name = unique_text();
  const auto script =
      probe_binary() + " queue /" + name + "; touch /dev/shm/" + name + "; ls /dev/shm | wc -l; read line";
  Process one(in_shard(script), state.options());
  Process two(in_shard(script), state.options());
  for (auto* shard : {&one, &two}) {
    CHECK(shard->read_line() == "made");
    CHECK(shard->read_line() == "1");
  }
  CHECK_FALSE(fs::exists("/dev/shm/" + name));
  CHECK_FALSE(fs::exists("/dev/mqueue/" + name));
}

TEST_CASE("/dev/shm is empty, for everybody, and gone with the shard") {
  const RegistryView state;
  const auto ended =
      run(in_shard("ls -A /dev/shm | wc -l; stat -c %a /dev/shm; echo x > /dev/shm/x && cat /dev/shm/x"),
          state.options());
  CHECK(ended.out == "0\n1777\nx\n");
}

TEST_CASE("a POSIX queue shows in the shard's own /dev/mqueue") {
  const RegistryView state;
  if (!fs::exists("/dev/mqueue")) return;
  const auto ended =
      run(in_shard("ls -A /dev/mqueue | wc -l; " + probe_binary() + " queue /here; ls /dev/mqueue"),
          state.options());
  CHECK_THAT(ended.out, Catch::Matchers::StartsWith("0\nmade\n"));
  if (fs::is_directory("/dev/mqueue") && run({"stat", "-f", "-c", "%T", "/dev/mqueue"}).out == "mqueue\n") {
    CHECK(ended.out == "0\nmade\nhere\n");
  }
}

TEST_CASE("a shard in a shard in a shard, five deep, works like one") {
  const RegistryView state;
  Words words = {"--", probe_binary(), "connect", "127.0.0.1", "127.1.2.3"};
  for (int depth = 1; depth < 5; ++depth) words.insert(words.begin(), {"--", nslaunch_binary()});
  const auto ended = run(nslaunch(words), state.options());
  CHECK(ended.out == "answered\n");
  CHECK(ended.status == 0);
  CHECK(state.files().empty());
}

TEST_CASE("the status of a command five shards deep comes all the way up") {
  const RegistryView state;
  Words words = {"--", "sh", "-c", "exit 42"};
  for (int depth = 1; depth < 5; ++depth) words.insert(words.begin(), {"--", nslaunch_binary()});
  CHECK(run(nslaunch(words), state.options()).status == 42);
}

}  // namespace nslaunch::test
