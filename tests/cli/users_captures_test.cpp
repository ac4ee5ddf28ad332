#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <exception>
#include <filesystem>
#include <string>

#include "support/hostile.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// Root's captures in a directory of the user whose commands run.
namespace nslaunch::test {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("where one shard's command leads the directory of captures, root makes none for the next") {
  const Hostile user;
  const auto directory = user.own + "/captures";
  user.act([&] { fs::create_directory(directory); });
  auto words = user.words({});
  words.insert(words.begin(), {"run", "--shards", "2", "--jobs", "1", "--pcap", directory + "/{index}.pcap"});
  words.insert(words.end(), {"--", "sh", "-c",
                             "[ -L " + directory + " ] || { mv " + directory + " " + user.own +
                                 "/moved; ln -s " + user.victim + " " + directory + "; }"});
  const auto ended = run(nslaunch(words), user.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(user.victim_is_untouched());
  CHECK(fs::exists(user.own + "/moved/1.pcap"));
  CHECK(fs::exists(user.own + "/moved/2.pcap"));
}

TEST_CASE("a mount below the directory of captures is not entered for another user's command") {
  const Hostile user;
  const auto directory = user.own + "/captures";
  user.act([&] { fs::create_directories(directory + "/1"); });
  auto words = user.words({});
  words.insert(words.begin(), {"run", "--shards", "1", "--pcap", directory + "/{index}/x.pcap"});
  words.insert(words.end(), {"--", "echo", "ran"});
  const auto told = in_private_mounts([&] {
    sys::check(::mount(user.victim.c_str(), (directory + "/1").c_str(), nullptr, MS_BIND, nullptr),
               "mounting");
    const auto ended = run(nslaunch(words), user.options());
    return fmt::format("{} {}", ended.status, ended.err);
  });
  CHECK_THAT(told, StartsWith("125 ") && Contains("for --pcap: Invalid cross-device link"));
  CHECK(user.victim_is_untouched());
}

TEST_CASE("captures are not led into another user's mount namespace") {
  const Hostile user;
  auto options = user.options();
  options.prepare = [&] { become(user.uid); };
  Process theirs({"unshare", "-Urm", "sh", "-c", "echo $$; read line"}, options);
  std::string pid;
  try {
    pid = theirs.read_line();
  } catch (const std::exception&) {
    SKIP_TEST("the user has no user namespace");
  }
  user.link("/proc/" + pid + "/root" + user.own, user.own + "/link");
  auto words = user.words({});
  words.insert(words.begin(), {"run", "--shards", "1", "--pcap", user.own + "/link/{index}.pcap"});
  words.insert(words.end(), {"--", "echo", "ran"});
  const auto ended = run(nslaunch(words), user.options());
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("for --pcap: Invalid cross-device link"));
}

TEST_CASE("root's capture takes no file from another user where others may change the directory") {
  const std::string when = GENERATE("", ":on-failure");
  const Hostile user;
  const HostDirectory others;
  const auto file = others / "capture";
  write_file(file, "a third user's", 0644);
  for (const auto& path : {others.path(), file}) REQUIRE(::chown(path.c_str(), 54321, 54321) == 0);
  fs::permissions(others.path(), fs::perms(0755));
  user.link(others.path(), user.own + "/led");
  const auto led = user.own + "/led/capture";
  const auto ended = user.run_with({"--pcap", led + when}, "exit 7");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err,
             Contains("replacing " + led + ", which is another user's") && Contains("Remove it before"));
  CHECK(owner_of(file) == 54321);
  CHECK(sys::read_file(file.c_str()) == "a third user's");
  // As advised.
  REQUIRE(::unlink(file.c_str()) == 0);
  CHECK(user.run_with({"--pcap", led + when}, "exit 7").status == 7);
}

TEST_CASE("behind a user's link root's earlier capture is emptied, so that nobody else gets its name") {
  const Hostile user;
  const auto sticky = user.make_sticky();
  const auto file = sticky + "/capture";
  write_file(file, "root's earlier", 0644);
  user.link(sticky, user.own + "/led");
  const auto path = user.own + "/led/capture:on-failure";
  CHECK(user.run_with({"--pcap", path}, "exit 0").status == 0);
  CHECK(owner_of(file) == 0);
  CHECK(sys::read_file(file.c_str()) == "");
  CHECK(user.run_with({"--pcap", path}, "exit 7").status == 7);
  CHECK(owner_of(file) == 0);
  CHECK(fs::file_size(file) > 0);
}

TEST_CASE(
    "root's earlier capture is emptied where a user has moved its directory, so that nobody gets its name") {
  const Hostile user;
  const bool is_sticky = GENERATE(true, false);
  const auto moved = user.own + "/moved";
  fs::create_directory(user.own + "/roots");
  if (is_sticky) fs::permissions(user.own + "/roots", fs::perms(01777));
  write_file(user.own + "/roots/capture", "root's earlier", 0644);
  user.act([&] { fs::rename(user.own + "/roots", moved); });
  const auto file = moved + "/capture";
  const auto ended = user.run_with({"--pcap", file + ":on-failure"}, "echo taken 2>&1 >" + file + "; exit 0");
  INFO(ended.err + ended.out);
  CHECK(ended.status == 0);
  CHECK(owner_of(file) == 0);
  CHECK(sys::read_file(file.c_str()) == "");
}

TEST_CASE("an earlier capture of a user's list is emptied of its packets, and so again") {
  const Hostile user;
  auto words = user.words({"--each", "-", "--pcap", user.own + "/{name}:on-failure"});
  words.insert(words.begin(), "run");
  words.insert(words.end(), {"--", "sh", "-c"});
  auto options = user.options();
  options.input = "part\n";
  const auto run_script = [&](const std::string& script) {
    auto all = words;
    all.push_back(script + " : {}");
    return run(nslaunch(all), options).status;
  };
  CHECK(run_script("exit 7;") == 1);
  for (int time = 0; time < 2; ++time) {
    CHECK(run_script("true;") == 0);
    CHECK(fs::file_size(user.own + "/part") == 24);
  }
}

TEST_CASE("an earlier capture in a directory such as /tmp is emptied, and replaced after a failure") {
  const HostDirectory directory;
  fs::permissions(directory.path(), fs::perms(01777));
  const auto file = directory / "capture";
  write_file(file, "earlier", 0644);
  CHECK(run(in_shard("exit 0", {"--pcap", file + ":on-failure"})).status == 0);
  CHECK(sys::read_file(file.c_str()) == "");
  CHECK(run(in_shard("exit 7", {"--pcap", file + ":on-failure"})).status == 7);
  CHECK(fs::file_size(file) > 0);
}

TEST_CASE("a capture that replaces a file of a group that its owner is not in is the owner's alone") {
  const Hostile user;
  const auto file = user.own + "/capture";
  write_file(file, "earlier", 0660);
  REQUIRE(::chown(file.c_str(), user.uid, 54321) == 0);
  auto options = user.options();
  options.prepare = [&] { become(user.uid); };
  const auto ended = run(in_shard("true", {"--pcap", file}), options);
  INFO(ended.err);
  CHECK(ended.status == 0);
  struct stat status = {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK(status.st_uid == user.uid);
  CHECK(status.st_gid != 54321);
  CHECK((status.st_mode & 07777) == 0600);
}

}  // namespace nslaunch::test
