#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>

#include "support/access_list.hpp"
#include "support/capture_scene.hpp"
#include "support/live_shard.hpp"
#include "support/privilege_modes.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("with on-failure there is a file only when the command has failed") {
  const CaptureScene scene;
  const std::string traffic = "$PROBE datagram 127.0.0.1 5353 text; ";
  CHECK(scene.of(traffic + "exit 0", ":on-failure").status == 0);
  CHECK(scene.files().empty());
  CHECK(scene.of(traffic + "exit 3", ":on-failure").status == 3);
  CHECK(scene.payloads() == Words{"text"});
  // What an earlier run has left would be taken for this one's.
  CHECK(scene.of("exit 0", ":on-failure").status == 0);
  CHECK(scene.files().empty());
  CHECK(scene.of(traffic + "kill -KILL $$", ":on-failure").signal == SIGKILL);
  CHECK(scene.payloads() == Words{"text"});
  CHECK(scene.of(traffic + "sleep 1000", ":on-failure", {"--timeout=200ms"}).status == 124);
  CHECK(scene.of("sleep 1000 & exit 0", ":on-failure", {"--leaks=fail", "--leak-grace=0ms"}).status == 123);
  CHECK(scene.packets().empty());
  CHECK(scene.files() == Words{"run.pcap"});
}

TEST_CASE("with always, or without a word, what was in the file is replaced, and the file is the caller's") {
  const CaptureScene scene;
  for (const std::string mode : {"", ":always"}) {
    write_file(scene.file, std::string(10000, 'x'));
    CHECK(scene.of("$PROBE datagram 127.0.0.1 5353 text", mode).status == 0);
    CHECK(scene.payloads() == Words{"text"});
    struct stat status = {};
    REQUIRE(::stat(scene.file.c_str(), &status) == 0);
    CHECK(status.st_uid == ::geteuid());
    CHECK((status.st_mode & 0777) == 0644);
    CHECK(scene.files() == Words{"run.pcap"});
  }
}

TEST_CASE("who is kept out of the old file by its access list gets nothing of the new one") {
  const CaptureScene scene;
  write_file(scene.file, "");
  if (!set_access_list(scene.file, ::geteuid(), {.owner = 6, .user = 4, .group = 0, .others = 0}))
    SKIP_TEST("files have no access control lists here");
  CHECK(scene.of("$PROBE datagram 127.0.0.1 5353 text").status == 0);
  struct stat status = {};
  REQUIRE(::stat(scene.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("only the two words behind the last colon are no part of the file's name") {
  const CaptureScene scene;
  auto options = scene.options();
  options.directory = scene.directory.path();
  for (const std::string name : {"a:b", "c:on-failure:x", "d:never"}) {
    CHECK(run(in_shard("true", {"--tmp=host", "--pcap", name + ":always"}), options).status == 0);
    CHECK(run(in_shard("true", {"--tmp=host", "--pcap", name}), options).status == 0);
    CHECK(fs::exists(scene.directory / name));
  }
  CHECK(scene.files().size() == 3);
}

TEST_CASE("a file in the host's /tmp is found there, though the shard has its own") {
  const RegistryView registry;
  const auto file = fmt::format("/tmp/nslaunch-test-{}.pcap", unique_text());
  const auto ended = run(in_shard("ls " + file, {"--pcap=" + file}), registry.options());
  CHECK(ended.status != 0);
  CHECK(read_pcap(file).empty());
  CHECK(fs::remove(file));
}

TEST_CASE("a launch that fails leaves alone what has the file's name") {
  const CaptureScene scene;
  write_file(scene.file, "precious");
  for (const std::string mode : {":always", ":on-failure"}) {
    CHECK(run(nslaunch({"--pcap", scene.file + mode, "--", "no-such-command"}), scene.options()).status ==
          127);
    CHECK(fs::file_size(scene.file) == 8);
    CHECK(scene.files() == Words{"run.pcap"});
  }
}

TEST_CASE("a file that can't be made is an error before anything has run") {
  const CaptureScene scene;
  fs::create_directory(scene.directory / "directory");
  fs::create_symlink("run.pcap", scene.directory / "link");
  REQUIRE(::mkfifo((scene.directory / "fifo").c_str(), 0600) == 0);
  fs::create_directory(scene.directory / "closed");
  fs::permissions(scene.directory / "closed", fs::perms(0500));
  struct Case {
    std::string file;
    std::string says;
  };
  std::vector<Case> cases = {{"-", "names no file"},
                             {"-:on-failure", "names no file"},
                             {":always", "names no file"},
                             {"/dev/stdout", "no regular file"},
                             {"/dev/null", "no regular file"},
                             {scene.directory / "directory", "no regular file"},
                             {scene.directory / "directory/", "no regular file"},
                             {scene.directory / "link", "no regular file"},
                             {scene.directory / "fifo", "no regular file"},
                             {scene.directory / "none/run.pcap", "No such file or directory"},
                             {"/proc/run.pcap", "making /proc/run.pcap for --pcap"}};
  if (::geteuid() != 0) cases.push_back({scene.directory / "closed/run.pcap", "Permission denied"});
  for (const auto& each : cases) {
    const auto ended = run(in_shard("echo ran", {"--pcap", each.file}), scene.options());
    CAPTURE(each.file, ended.err);
    CHECK(explains_itself(ended));
    CHECK_THAT(ended.err, Contains(each.says));
  }
  CHECK(scene.files().size() == 4);
  CHECK(scene.registry.files().empty());
}

TEST_CASE("a capture that is full ends, says so, and the command goes on") {
  const CaptureScene scene;
  constexpr std::uintmax_t kLimit = 64 << 10;
  const auto ended =
      scene.of(fmt::format("$PROBE exchange 127.0.0.1 {} 1000000 && echo went on; exit 5", 9925), {},
               {"--pcap-size=64K"});
  CHECK(ended.status == 5);
  CHECK(ended.out == "went on\n");
  // A busy machine may lose packets on the way, too, and says so in the next line.
  CHECK_THAT(ended.err,
             Catch::Matchers::StartsWith(fmt::format(
                 "nslaunch: {} is full (64.0K): later packets are not in it; more room: --pcap-size\n",
                 scene.file)));
  CHECK(fs::file_size(scene.file) <= kLimit);
  CHECK_FALSE(scene.packets().empty());
  CHECK(scene.of("exit 0", ":on-failure", {"--pcap-size=4K"}).err.empty());
}

TEST_CASE("a full disk ends the capture, says so, leaves whole packets, and the command goes on") {
  const CaptureScene scene;
  const auto ended = result_in_namespaces(CLONE_NEWNS, [&] {
    sys::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "keeping mounts private");
    sys::check(::mount("small", scene.directory.path().c_str(), "tmpfs", 0, "size=256k"), "mounting a tmpfs");
    auto result = scene.of(fmt::format("$PROBE exchange 127.0.0.1 {} 2000000 && echo went on; exit 5", 9925));
    result.out += fmt::format("{} packets", scene.packets().size());
    return result;
  });
  CAPTURE(ended.out, ended.err);
  CHECK(ended.status == 5);
  CHECK(std::regex_match(ended.out, std::regex("went on\n[1-9][0-9]* packets")));
  CHECK(ended.err ==
        fmt::format("nslaunch: the packet capture stopped early (No space left on device): later "
                    "packets are not in {}\n",
                    scene.file));
}

TEST_CASE("a killed launcher leaves no process, and with on-failure no file") {
  const CaptureScene scene;
  for (const std::string mode : {":on-failure", ":always"}) {
    const auto mark = unique_text();
    LiveShard shard(scene.registry, {"--pcap=" + scene.file + mode, "--env=PROBE=" + probe_binary()},
                    "exec 2>&1; " + kObey + " # " + mark);
    shard.launcher.write_input("$PROBE datagram 127.0.0.1 5353 text\n");
    REQUIRE(shard.launcher.read_line() == "0");
    shard.launcher.send_signal(SIGKILL);
    CHECK(shard.launcher.wait().signal == SIGKILL);
    CHECK(all_gone(mark));
    CHECK(scene.files() == (mode == ":always" ? Words{"run.pcap"} : Words{}));
  }
}

TEST_CASE("on a filesystem without unnamed files a capture is kept and dropped all the same") {
  const CaptureScene scene;
  auto options = scene.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = [] { filter_unnamed_files(); };
  const auto status = [&](const std::string& script, const std::string& mode) {
    return run(in_shard(script, {"--pcap=" + scene.file + mode}), options).status;
  };
  CHECK(status("exit 3", ":on-failure") == 3);
  CHECK(scene.files() == Words{"run.pcap"});
  CHECK(status("exit 0", ":on-failure") == 0);
  CHECK(scene.files().empty());
  CHECK(status("$PROBE datagram 127.0.0.1 5353 text", ":always") == 0);
  CHECK(scene.files() == Words{"run.pcap"});
  CHECK(scene.payloads() == Words{"text"});
}

}  // namespace nslaunch::test
