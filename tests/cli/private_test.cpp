#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "ns/mount.hpp"
#include "support/host_directory.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

unsigned mode_of(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("the words --private covers a directory with an empty one, and what it holds is unharmed") {
  const RegistryView state;
  const HostDirectory directory;
  fs::create_directory(directory / "db");
  fs::permissions(directory / "db", fs::perms(0750));
  std::ofstream(directory / "db/data") << "precious\n";
  const auto script = "ls -A " + directory / "db" + " | wc -l; stat -c '%a %u' " + directory / "db" +
                      "; echo x > " + directory / "db/data" + "; rm -rf " + directory / "db/*";
  const auto ended = run(in_shard(script, {"--private", directory / "db"}), state.options());
  CHECK(ended.out == "0\n750 " + std::to_string(::geteuid()) + "\n");
  CHECK(ended.err.empty());
  CHECK(fs::file_size(directory / "db/data") == 9);
}

TEST_CASE("a missing --private directory is made with mode 0700 and stays, empty") {
  const RegistryView state;
  const HostDirectory directory;
  auto options = state.options();
  options.prepare = [] { ::umask(0); };
  const auto ended =
      run(in_shard("touch " + directory / "new/deep/file", {"--private", directory / "new/deep"}), options);
  CHECK(ended.status == 0);
  CHECK(mode_of(directory / "new/deep") == 0700);
  CHECK(fs::is_empty(directory / "new/deep"));
}

TEST_CASE("two shards have a private directory each, and one shard several") {
  const RegistryView state;
  const HostDirectory directory;
  const Words words = in_shard("touch " + directory / "a/x " + directory / "b/x" + " && ls " +
                                   directory / "a" + " " + directory / "b" + " | grep -c x; read line",
                               {"-p", directory / "a", "-p", directory / "b"});
  Process one(words, state.options());
  Process two(words, state.options());
  CHECK(one.read_line() == "2");
  CHECK(two.read_line() == "2");
  CHECK(fs::is_empty(directory / "a"));
}

TEST_CASE(
    "the option --private takes paths relative to the working directory, through links, in /tmp and with odd "
    "names") {
  const RegistryView state;
  const HostDirectory directory;
  const TempDir in_tmp;
  fs::create_directory(directory / "real");
  std::ofstream(directory / "real/data") << "x";
  fs::create_directory_symlink(directory / "real", directory / "link");
  fs::create_directory(in_tmp / "real");
  fs::create_directory_symlink(in_tmp / "real", in_tmp / "link");
  // Each mount afterwards makes init look whether the private directories are all there.
  const std::string mount_something =
      "; for i in 1 2 3 4 5 6 7 8 9; do mount -t tmpfs none /dev/shm; done; echo fine";
  struct Case {
    std::string asked;
    std::string directory;
    std::string seen;
  };
  const Case cases[] = {{"real/", directory.path(), directory / "real"},
                        {"./real/../real", directory.path(), directory / "real"},
                        {directory / "link", "/", directory / "link"},
                        {"odd \\ name\n", directory.path(), directory / "odd*"},
                        {"/tmp/a/b/", "/", "/tmp/a/b"},
                        {"real", in_tmp.path(), in_tmp / "real"},
                        {"link", in_tmp.path(), in_tmp / "link"}};
  for (const auto& [asked, from, seen] : cases) {
    CAPTURE(asked);
    auto options = state.options();
    options.directory = from;
    const auto ended =
        run(in_shard("ls -A " + seen + "/ | wc -l" + mount_something, {"--map-root", "--private", asked}),
            options);
    CAPTURE(ended.err);
    CHECK(ended.out == "0\nfine\n");
    CHECK(ended.status == 0);
  }
}

TEST_CASE("a private directory removed from outside ends the shard with 125") {
  const RegistryView state;
  const HostDirectory directory;
  const auto path = directory / "private";
  Process process(in_shard("echo up; exec sleep 1000", {"--private", path}), state.options());
  REQUIRE(process.read_line() == "up");
  REQUIRE(::rmdir(path.c_str()) == 0);
  const auto ended = process.wait();
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains(path));
  CHECK(state.files().empty());
}

TEST_CASE("a --private that is no directory, or can't be made, is named and nothing runs") {
  const RegistryView state;
  const HostDirectory directory;
  std::ofstream(directory / "file") << "x";
  std::filesystem::create_symlink("/proc", directory / "processes");
  for (const auto& path :
       {directory / "file", directory / "file/below", std::string("/proc/none"), std::string("/proc")}) {
    CAPTURE(path);
    const auto ended = run(in_shard("echo ran", {"--private", path}), state.options());
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains(path));
  }
  const auto by_link = run(in_shard("echo ran", {"--private", directory / "processes"}), state.options());
  CHECK(by_link.status == 125);
  CHECK_THAT(by_link.err, Contains("--private /proc: the shard has a /proc of its own"));
}

TEST_CASE("a --private directory where the shard has something of its own is refused, and not made") {
  const RegistryView state;
  Words paths = {"/dev/shm", "/dev/shm/" + unique_text()};
  if (ns::has_mqueue()) paths.push_back("/dev/mqueue/none");
  for (const auto& path : paths) {
    const bool was_there = std::filesystem::exists(path);
    const auto ended = run(in_shard("echo ran", {"--private", path}), state.options());
    CAPTURE(path, ended.err);
    CHECK(ended.status == 125);
    CHECK_THAT(ended.err, Contains("of its own, which hides it") && Contains("Leave it out"));
    CHECK(std::filesystem::exists(path) == was_there);
  }
}

TEST_CASE("a --private directory where the shard would have message queues is had where it has none") {
  if (::geteuid() != 0) SKIP_TEST("needs root to unmount the host's");
  const RegistryView state;
  const bool was_there = fs::exists("/dev/mqueue");
  const auto shown = in_private_mounts([&] {
    if (ns::has_mqueue()) sys::check(::umount2("/dev/mqueue", MNT_DETACH), "unmounting it");
    const auto ended =
        run(in_shard("> /dev/mqueue/file; ls /dev/mqueue", {"--private", "/dev/mqueue"}), state.options());
    return ended.out + ended.err;
  });
  if (!was_there) fs::remove("/dev/mqueue");
  CHECK(shown == "file\n");
}

TEST_CASE("a --private directory in the /tmp that --tmp DIR gives is made there and not in the host's") {
  const RegistryView state;
  const HostDirectory directory;
  const std::string path = "/tmp/" + unique_text();
  auto options = state.options();
  options.directory = "/";
  const auto ended = run(
      in_shard("echo x > " + path + "/file && ls " + path, {"--tmp", directory.path(), "--private", path}),
      options);
  CHECK(ended.out == "file\n");
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::is_empty(directory / path.substr(5)));
}

TEST_CASE("private directories may lie in each other, in any order, and the root itself is none") {
  const RegistryView state;
  const HostDirectory directory;
  const auto ended =
      run(in_shard("ls -d " + directory / "a/b", {"-p", directory / "a/b", "-p", directory / "a"}),
          state.options());
  CHECK(ended.out == directory / "a/b" + "\n");
  const auto root = run(in_shard("echo ran", {"--private", "/"}), state.options());
  CHECK(root.status == 125);
  CHECK(root.out.empty());
  CHECK_THAT(root.err, Contains("--private /"));
}

TEST_CASE("a missing --private directory is made for the user that --user names, whatever the umask is") {
  if (::geteuid() != 0) return;
  const RegistryView state;
  const HostDirectory directory;
  fs::permissions(directory.path(), fs::perms(0755));
  auto options = state.options();
  options.directory = "/";
  options.prepare = [] { ::umask(0777); };
  const auto path = directory / "new/inner";
  const auto ended = run(in_shard("umask 022; echo x > " + path + "/file && cat " + path + "/file",
                                  {"--user", "12345:12345", "--private", path}),
                         options);
  CHECK(ended.out == "x\n");
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK(status.st_uid == 12345);
  CHECK((status.st_mode & 07777) == 0700);
}

}  // namespace nslaunch::test
