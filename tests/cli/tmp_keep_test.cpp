#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE(
    "the words --keep keeps a file, a directory and what is nested visible and writable, and nothing else") {
  const RegistryView state;
  const TempDir directory;
  fs::create_directories(directory / "one/two/three");
  write_file(directory / "one/two/file", "file\n");
  write_file(directory / "one/hidden", "hidden\n");
  fs::create_symlink(directory / "one/two", directory / "link");
  auto options = state.options();
  options.directory = "/";
  const auto ended = run(
      in_shard("cat " + directory / "one/two/file" + "; ls " + directory / "one" + " " + directory.path() +
                   "; ls " + directory / "link" + "; echo more >> " + directory / "one/two/file",
               {"--keep", directory / "one/two/file", "--keep", directory / "one/two/three",
                "--keep=" + directory / "link"}),
      options);
  CHECK(ended.out ==
        "file\n" + directory.path() + ":\nlink\none\n\n" + directory / "one" + ":\ntwo\nfile\nthree\n");
  CHECK(fs::file_size(directory / "one/two/file") == 10);
  const auto both =
      run(in_shard("cat one/hidden one/two/file", {"--keep", directory / "one/two", "--keep",
                                                   directory.path() + "/", "--workdir", directory.path()}),
          options);
  CHECK(both.out == "hidden\nfile\nmore\n");
}

TEST_CASE("a command outside /tmp that is a link into it runs") {
  const RegistryView state;
  const TempDir directory;
  const std::string link = "/var/tmp/" + unique_text();
  write_file(directory / "real", "#!/bin/sh\necho real\n", 0755);
  fs::create_symlink(directory / "real", link);
  auto options = state.options();
  options.directory = "/";
  const auto ended = run(nslaunch({"--", link}), options);
  fs::remove(link);
  CHECK(ended.out == "real\n");
}

TEST_CASE("links that lead into /tmp lead there in the shard too") {
  const RegistryView state;
  const TempDir target;
  const TempDir link;
  const std::string outside = "/var/tmp/" + unique_text();
  fs::create_directories(target / "bin");
  write_file(target / "bin/tool-in-tmp", "#!/bin/sh\necho tool\n", 0755);
  fs::create_directory_symlink(target.path(), outside);
  fs::create_directory_symlink(outside + "/bin", link / "second");
  auto options = state.options();
  options.directory = "/";
  CHECK(run(in_shard("pwd; ls", {"--workdir", outside}), options).out == target.path() + "\nbin\n");
  CHECK(run(in_shard("ls", {"--workdir", link / "second/.."}), options).out == "bin\n");
  CHECK(run(nslaunch({"--", link / "second/tool-in-tmp"}), options).out == "tool\n");
  options.environment = state.options().environment;
  options.environment.push_back("PATH=/usr/bin:/bin:" + link / "second");
  CHECK(run(in_shard("tool-in-tmp"), options).out == "tool\n");
  CHECK(run(nslaunch({"--", "tool-in-tmp"}), options).out == "tool\n");
  options.environment.push_back("SSH_AUTH_SOCK=" + link / "second/tool-in-tmp");
  CHECK(run(in_shard("test -f $SSH_AUTH_SOCK && echo there"), options).out == "there\n");
  fs::remove(outside);
}

TEST_CASE("the socket of SSH_AUTH_SOCK in /tmp stays visible") {
  const RegistryView state;
  const TempDir directory;
  write_file(directory / "agent", "");
  auto options = state.options();
  options.directory = "/";
  options.environment.push_back("SSH_AUTH_SOCK=" + directory / "agent");
  CHECK(run(in_shard("ls $SSH_AUTH_SOCK"), options).out == directory / "agent" + "\n");
}

TEST_CASE("what --keep names may be anything, and may be kept already") {
  const RegistryView state;
  const TempDir directory;
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  write_file(directory / "read-only", "text\n", 0444);
  auto options = state.options();
  for (const auto* from : {directory.path().c_str(), "/"}) {
    options.directory = from;
    const auto ended = run(in_shard("stat -c %F " + directory / "fifo" + "; cat " + directory / "read-only",
                                    {"--keep", directory / "fifo", "--keep", directory / "read-only"}),
                           options);
    CHECK(ended.out == "fifo\ntext\n");
    CHECK(ended.err.empty());
  }
  const std::string link = "/var/tmp/" + unique_text();
  fs::create_directory_symlink("/tmp", link);
  CHECK(
      run(in_shard("cat " + directory / "read-only", {"--keep", link + directory.path().substr(4)}), options)
          .out == "text\n");
  fs::remove(link);
}

TEST_CASE("the directories above a kept path can be entered by the command's user whatever the umask is") {
  const RegistryView state;
  const TempDir directory;
  fs::create_directories(directory / "a/b");
  auto options = state.options();
  options.directory = "/";
  options.prepare = [] { ::umask(0777); };
  CHECK(run(in_shard("stat -c %a " + directory / "a", {"--keep", directory / "a/b"}), options).out ==
        "755\n");
}

}  // namespace nslaunch::test
