#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>

#include "support/fuse_directory.hpp"
#include "support/hostile.hpp"
#include "sys/base/files.hpp"

// What a hostile user can make look like root's own way.
namespace nslaunch::test {

namespace fs = std::filesystem;

TEST_CASE("a link of root's that a user has moved into a sticky directory is no way of root's") {
  const Hostile user;
  fs::permissions(user.victim, fs::perms(0711));
  const auto made_by_root = user.own + "/link";
  fs::create_symlink(user.victim, made_by_root);
  const auto moved = user.ground / "sticky/link";
  fs::create_directory(user.ground / "sticky");
  fs::permissions(user.ground / "sticky", fs::perms(01777));
  user.act([&] { fs::rename(made_by_root, moved); });
  struct stat status = {};
  REQUIRE(::lstat(moved.c_str(), &status) == 0);
  REQUIRE(status.st_uid == 0);
  const auto ended = user.run_with({"--artifacts", moved + "/new"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK(user.victim_is_untouched());
}

TEST_CASE("a directory that a user's program shows as root's is no way of root's") {
  const Hostile user;
  const FuseDirectory shown(user.ground / "shown", user.uid, user.gid);
  const auto ended = user.run_with({"--artifacts", shown.path() + "/new"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_FALSE(shown.was_changed_by_root());
}

TEST_CASE("a user's program that shows files and does not answer root keeps nobody waiting") {
  const Hostile user;
  const FuseDirectory deaf(user.ground / "deaf", user.uid, user.gid, FuseDirectory::Shows::kOwn);
  user.link(deaf.path(), user.own + "/link");
  const std::vector<Words> all = {{"--artifacts", deaf.path()},
                                  {"--artifacts", deaf.path() + "/new"},
                                  {"--artifacts", user.own + "/link/new"},
                                  {"--private", deaf.path()},
                                  {"--tmp", deaf.path()},
                                  {"--keep", deaf.path()},
                                  {"--workdir", deaf.path() + "/d"},
                                  {"--overlay", deaf.path()},
                                  {"--overlay", user.own + "=" + deaf.path() + "/new"}};
  for (const auto& options : all) {
    const auto ended = user.run_with(options, "echo ran");
    CAPTURE(options, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK(ended.err.rfind("nslaunch: ", 0) == 0);
  }
  CHECK(run(nslaunch(user.words({"--", deaf.path() + "/d/command"})), user.options()).status == 127);
}

TEST_CASE("a user's program that is mounted above what is to be removed keeps nobody waiting") {
  const Hostile user;
  user.act([&] {
    fs::create_directories(user.own + "/above");
    fs::create_directories(user.own + "/data");
  });
  const auto overlay = user.own + "/data=" + user.own + "/above/changes";
  Process shard(in_shard("echo up; read line", user.words({"--overlay", overlay})), user.options());
  REQUIRE(shard.read_line() == "up");
  const FuseDirectory deaf(user.own + "/above", user.uid, user.gid, FuseDirectory::Shows::kOwn);
  shard.close_input();
  CHECK(shard.wait().signal == 0);
}

TEST_CASE("a user's program that answers nobody keeps no descriptor of root's open") {
  const Hostile user;
  const FuseDirectory mute(user.own + "/mute", user.uid, user.gid, FuseDirectory::Shows::kNothing);
  const auto ended = user.run_with({"--keep", mute.path() + "/file"}, "echo ran");
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Catch::Contains("can't be killed") && Catch::Contains("timed out"));
}

TEST_CASE("a user's program that forbids a look opens no way by a link of /proc's") {
  const Hostile user;
  const FuseDirectory shown(user.ground / "shown", user.uid, user.gid,
                            FuseDirectory::Shows::kLinkAtSecondLook);
  const auto opened = sys::open_without_magic_links(shown.path() + "/link", O_PATH);
  CHECK(errno == EPERM);
  CHECK_FALSE(opened);
}

TEST_CASE("a user's program in the place of his registry keeps nobody waiting") {
  const Hostile user;
  const std::string directory = "/tmp/nslaunch-54322";
  std::optional<FuseDirectory> deaf(std::in_place, directory, 54322, 54322, FuseDirectory::Shows::kOwn);
  const auto listed = run(nslaunch({"list", "--all"}));
  deaf.reset();
  fs::remove(directory);
  CHECK_THAT(listed.err, Catch::Contains(directory + " can't be used"));
}

TEST_CASE("a user's program in the place of a record, or above the registry, keeps nobody waiting") {
  const Hostile user;
  const std::string above = "/run/user/54323";
  const bool is_new = fs::create_directories("/run/user");
  const auto path = GENERATE(as<std::string>(), "", "/nslaunch", "/nslaunch/aaaa0001.shard");
  fs::create_directories(fs::path(above + path).parent_path());
  for (const auto& directory : {above, above + "/nslaunch"}) {
    if (fs::exists(directory)) REQUIRE(::chown(directory.c_str(), 54323, 54323) == 0);
    if (fs::exists(directory)) fs::permissions(directory, fs::perms(0700));
  }
  std::optional<FuseDirectory> deaf(std::in_place, above + path, 54323, 54323, FuseDirectory::Shows::kOwn);
  const auto listed = run(nslaunch({"list", "--all"}));
  deaf.reset();
  fs::remove_all(is_new ? "/run/user" : above);
  CHECK(listed.status == 0);
}

TEST_CASE(
    "a directory that a user's program has replaced while overlayfs worked in it keeps nobody waiting") {
  const Hostile user;
  user.act([&] { fs::create_directories(user.own + "/data"); });
  Process shard(
      in_shard("echo up; read line", user.words({"--overlay", user.own + "/data=" + user.own + "/changes"})),
      user.options());
  REQUIRE(shard.read_line() == "up");
  std::string work;
  for (const auto& entry : fs::directory_iterator(user.own)) {
    if (entry.path().extension() == ".work") work = entry.path();
  }
  REQUIRE_FALSE(work.empty());
  user.act([&] { fs::rename(work, user.own + "/moved"); });
  const FuseDirectory deaf(work, user.uid, user.gid, FuseDirectory::Shows::kOwn);
  shard.close_input();
  CHECK(shard.wait().signal == 0);
}

TEST_CASE("what a file system that a user may have made shows as root's is no way of root's") {
  const Hostile user;
  const auto image = user.ground / "image";
  fs::create_directory(image);
  fs::permissions(image, fs::perms(0755));
  fs::create_symlink(user.victim, image + "/link");
  REQUIRE(::mount(image.c_str(), image.c_str(), nullptr, MS_BIND, nullptr) == 0);
  REQUIRE(::mount(nullptr, image.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV, nullptr) ==
          0);
  const auto ended = user.run_with({"--artifacts", image + "/link/new"}, "echo ran");
  REQUIRE(::umount2(image.c_str(), MNT_DETACH) == 0);
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(user.victim_is_untouched());
}

TEST_CASE("a link of /proc's to another mount namespace is no way of root's") {
  const Hostile user;
  const auto view = user.own + "/view";
  user.act([&] { fs::create_directory(view); });
  const auto uid = std::to_string(user.uid);
  Process elsewhere({"setpriv", "--reuid", uid, "--regid", std::to_string(user.gid), "--clear-groups",
                     "unshare", "-Urm", "sh", "-c",
                     "mount -t tmpfs none " + view + " && mkdir " + view + "/d && echo up && read line"});
  REQUIRE(elsewhere.read_line() == "up");
  user.link("/proc/" + std::to_string(elsewhere.pid()) + "/root" + view + "/d", user.own + "/link");
  for (const char* option : {"--artifacts", "--keep", "--private", "--tmp", "--overlay"}) {
    const auto ended = user.run_with({option, user.own + "/link"}, "echo ran");
    CAPTURE(option, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a link of /proc's does not show a user where root stands") {
  const Hostile user;
  const auto secret = user.ground / "closed/open";
  fs::create_directories(secret);
  fs::permissions(user.ground / "closed", fs::perms(0700));
  sys::write_all(sys::open_file(secret + "/secret", O_WRONLY | O_CREAT, 0644).get(), "root's\n");
  user.link("/proc/self/cwd", user.own + "/link");
  auto options = user.options();
  options.directory = secret;
  for (const Words& words :
       {Words{"--workdir", user.own + "/link", "--", "cat", "secret"},
        Words{"--workdir", user.own, "--overlay", user.own + "/link", "--", "cat", "link/secret"}}) {
    const auto ended = run(nslaunch(user.words(words)), options);
    CAPTURE(words, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a link of /proc's does not tell a user what there is where root stands") {
  const Hostile user;
  const auto closed = user.ground / "closed/open";
  fs::create_directories(closed);
  fs::permissions(user.ground / "closed", fs::perms(0700));
  fs::permissions(closed, fs::perms(0711));
  fs::create_directory(closed + "/guessed");
  const auto link = fmt::format("/tmp/nslaunch-test-link-{}", ::getpid());
  auto options = user.options();
  options.directory = closed;
  for (const std::string guess : {"guessed", "missing"}) {
    user.link("/proc/self/cwd/" + guess, link);
    const auto ended =
        run(nslaunch(user.words({"--workdir", user.own, "--env", "SSH_AUTH_SOCK=" + link, "--", "true"})),
            options);
    ::unlink(link.c_str());
    CAPTURE(guess, ended.err);
    CHECK(ended.status == 0);
  }
}

TEST_CASE("a link of /proc's does not bring into a report what only root can reach") {
  const Hostile user;
  const auto secret = user.ground / "closed/open";
  fs::create_directories(secret);
  fs::permissions(user.ground / "closed", fs::perms(0700));
  const auto xml = sys::open_file(secret + "/secret.xml", O_WRONLY | O_CREAT, 0644);
  REQUIRE(sys::write_all(xml.get(), "<testsuite name='s'><testcase name='secret'/></testsuite>") == 0);
  // What is older than the run is left out anyway.
  fs::last_write_time(secret + "/secret.xml", fs::file_time_type::clock::now() + std::chrono::hours(1));
  auto options = user.options();
  options.directory = secret;
  const auto report = user.ground / "report.xml";
  auto words = user.words({"--shards", "2", "--artifacts", user.own + "/out", "--workdir", user.own,
                           "--collect-junit", "d/*.xml", "--report-junit", report, "--", "sh", "-c",
                           "ln -s /proc/self/cwd $NSLAUNCH_ARTIFACTS/d"});
  words.insert(words.begin(), "run");
  const auto ended = run(nslaunch(words), options);
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK_THAT(sys::read_file(report.c_str()).value_or(""),
             Catch::Contains("<testsuite") && !Catch::Contains("secret"));
  CHECK_THAT(ended.err, !Catch::Contains("secret"));
}

TEST_CASE("what others have in a directory for results is not removed for a user") {
  const Hostile user;
  const auto sticky = user.make_sticky();
  const auto precious = sticky + "/stdout";
  sys::write_all(sys::open_file(precious, O_WRONLY | O_CREAT, 0600).get(), "root's\n");
  const auto script = "ln -s " + sticky + " $(dirname $NSLAUNCH_ARTIFACTS)/shard-2";
  auto words = user.words(
      {"--shards", "2", "--jobs", "1", "--artifacts", user.own + "/out", "--", "sh", "-c", script});
  words.insert(words.begin(), "run");
  const auto ended = run(nslaunch(words), user.options());
  INFO(ended.err);
  CHECK(sys::read_file(precious.c_str()).value_or("") == "root's\n");
}

}  // namespace nslaunch::test
