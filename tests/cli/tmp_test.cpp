#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/awkward_name.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("/tmp is private, empty, for everybody, and gone with the shard") {
  const RegistryView state;
  const auto name = unique_text();
  auto options = state.options();
  options.directory = "/";
  const auto ended =
      run(in_shard("ls -A /tmp; stat -c %a /tmp; echo x > /tmp/" + name + " && cat /tmp/" + name), options);
  CHECK(ended.out == "1777\nx\n");
  CHECK_FALSE(fs::exists("/tmp/" + name));
}

TEST_CASE("TMPDIR, TMP and TEMP point to the private /tmp") {
  const RegistryView state;
  auto options = state.options();
  options.environment.insert(options.environment.end(), {"TMPDIR=/var/tmp", "TMP=/elsewhere", "TEMP"});
  CHECK(run(in_shard("echo $TMPDIR $TMP $TEMP"), options).out == "/tmp /tmp /tmp\n");
  CHECK(run(in_shard("echo $TMPDIR $TMP ${TEMP-none}", {"--tmp", "host"}), options).out ==
        "/var/tmp /elsewhere none\n");
}

TEST_CASE("a TMPDIR that is asked for by name is the command's, and nslaunch's own variables stay its own") {
  const RegistryView state;
  const TempDir directory;
  write_file(directory / "variables", "TMP=/tmp/from-file\nNSLAUNCH_NAME=other\n");
  const auto script = "echo $TMPDIR $TMP $TEMP $NSLAUNCH_NAME";
  const Words words = {"--name=it", "--env=TMPDIR=/tmp/asked", "--env-file=" + directory / "variables"};
  CHECK(run(in_shard(script, words), state.options()).out == "/tmp/asked /tmp/from-file /tmp it\n");
}

TEST_CASE("the words --tmp host shares the host's /tmp") {
  const RegistryView state;
  const TempDir directory;
  const auto ended = run(in_shard("echo x > " + directory / "made", {"--tmp", "host"}), state.options());
  CHECK(ended.status == 0);
  CHECK(fs::exists(directory / "made"));
}

TEST_CASE("the words --tmp DIR mounts the caller's directory on /tmp and leaves it alone afterwards") {
  const RegistryView state;
  const TempDir directory;
  write_file(directory / "there", "before\n");
  auto options = state.options();
  options.directory = "/";
  const auto ended =
      run(in_shard("cat /tmp/there; echo x > /tmp/made; echo $TMPDIR", {"--tmp", directory.path()}), options);
  CHECK(ended.out == "before\n/tmp\n");
  CHECK(fs::exists(directory / "made"));
  CHECK(fs::exists(directory / "there"));
}

TEST_CASE("the words --tmp-size limits the private /tmp") {
  const RegistryView state;
  const auto ended =
      run(in_shard("head -c 2000000 /dev/zero > /tmp/x; stat -f -c '%b %S' /tmp", {"--tmp-size", "1M"}),
          state.options());
  CHECK_THAT(ended.err, Contains("No space left on device"));
  CHECK(ended.out == "256 4096\n");
}

TEST_CASE("a working directory in /tmp stays visible with its top directory") {
  const RegistryView state;
  const TempDir directory;
  fs::create_directories(directory / "a/b");
  write_file(directory / "beside", "beside\n");
  auto options = state.options();
  options.directory = directory / "a/b";
  const auto ended = run(in_shard("pwd; cat ../../beside; echo x > made; ls /tmp | wc -l"), options);
  CHECK(ended.out == directory / "a/b" + "\nbeside\n1\n");
  CHECK(fs::exists(directory / "a/b/made"));
  CHECK(run(in_shard("pwd", {"--workdir", directory / "a"}), state.options()).out == directory / "a" + "\n");
}

TEST_CASE("a working directory that is /tmp itself gives 125 and the advice to share it") {
  const RegistryView state;
  const TempDir link;
  fs::create_symlink("/tmp", link / "to-tmp");
  fs::create_symlink("to-tmp", link / "to-link");
  for (const auto& words :
       {Words{}, Words{"--workdir", "/tmp"}, Words{"--workdir", "/tmp/"}, Words{"--workdir", "/tmp/."},
        Words{"--workdir", "/usr/../tmp"}, Words{"--workdir", "."}, Words{"--workdir", "/proc/self/cwd"},
        Words{"--workdir", link.path() + "/to-tmp"}, Words{"--workdir", link.path() + "/to-link"}}) {
    CAPTURE(words);
    auto options = state.options();
    options.directory = "/tmp";
    const auto ended = run(in_shard("echo ran", words), options);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("--tmp host"));
  }
  auto options = state.options();
  options.directory = "/tmp";
  CHECK(run(in_shard("pwd", {"--tmp", "host"}), options).out == "/tmp\n");
}

TEST_CASE("a command in /tmp and one found through a PATH entry in /tmp run") {
  const RegistryView state;
  const TempDir directory;
  fs::create_directory(directory / "bin");
  write_file(directory / "bin/hello-from-tmp", "#!/bin/sh\necho hello\n", 0755);
  auto options = state.options();
  options.directory = "/";
  CHECK(run(nslaunch({"--", directory / "bin/hello-from-tmp"}), options).out == "hello\n");
  options.environment.push_back("PATH=" + directory / "bin" + ":/usr/bin:/bin");
  CHECK(run(nslaunch({"--", "hello-from-tmp"}), options).out == "hello\n");
}

TEST_CASE("what makes an argument hidden in /tmp visible can be pasted, whatever it is called") {
  const RegistryView state;
  const TempDir directory;
  const auto path = directory / kAwkwardName;
  write_file(path, "input\n");
  auto options = state.options();
  options.directory = directory.path();
  const auto told = run(nslaunch({"--workdir", "/", "--", "cat", path}), options).err;
  CAPTURE(told);
  const auto advice = told.substr(told.find("visible: ") + 9);
  const auto shell = nslaunch({}).front() + " --workdir / " + advice.substr(0, advice.find('\n'));
  CHECK(run({"bash", "-c", shell + " -- cat \"$0\"", path}, options).out == "input\n");
  CHECK_FALSE(std::filesystem::exists(directory / "PWNED"));
}

TEST_CASE("a command that fails over an argument hidden in /tmp is followed by a line about it") {
  const RegistryView state;
  const TempDir directory;
  write_file(directory / "input", "input\n");
  auto options = state.options();
  options.directory = "/";
  const auto hint = "--keep " + directory / "input";
  const auto failed = run(nslaunch({"--", "cat", directory / "input"}), options);
  CHECK(failed.status == 1);
  CHECK_THAT(failed.err, Contains(hint) && Contains("private"));
  CHECK_THAT(run(nslaunch({"--", "ls", "--sort=x", "--ignore=" + directory / "input", "/none"}), options).err,
             Contains(hint));
  CHECK_THAT(run(nslaunch({"--", "true", directory / "input"}), options).err, !Contains(hint));
  CHECK_THAT(
      run(nslaunch({"--keep", directory / "input", "--", "cat", directory / "input", "/none"}), options).err,
      !Contains("nslaunch"));
  CHECK_THAT(run(nslaunch({"--", "cat", "/tmp/no-such-thing"}), options).err, !Contains("nslaunch"));
  CHECK_THAT(run(nslaunch({"--tmp", "host", "--", "cat", directory / "input", "/none"}), options).err,
             !Contains("nslaunch"));
}

}  // namespace nslaunch::test
