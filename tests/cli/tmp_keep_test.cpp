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
    "the words --keep keeps a file, a folder and what is nested visible and writable, and nothing else") {
  const RegistryView state;
  const TempDir folder;
  fs::create_directories(folder / "one/two/three");
  write_file(folder / "one/two/file", "file\n");
  write_file(folder / "one/hidden", "hidden\n");
  fs::create_symlink(folder / "one/two", folder / "link");
  auto options = state.options();
  options.directory = "/";
  const auto ended =
      run(in_shard("cat " + folder / "one/two/file" + "; ls " + folder / "one" + " " + folder.path() +
                       "; ls " + folder / "link" + "; echo more >> " + folder / "one/two/file",
                   {"--keep", folder / "one/two/file", "--keep", folder / "one/two/three",
                    "--keep=" + folder / "link"}),
          options);
  CHECK(ended.out ==
        "file\n" + folder.path() + ":\nlink\none\n\n" + folder / "one" + ":\ntwo\nfile\nthree\n");
  CHECK(fs::file_size(folder / "one/two/file") == 10);
  const auto both =
      run(in_shard("cat one/hidden one/two/file",
                   {"--keep", folder / "one/two", "--keep", folder.path() + "/", "--workdir", folder.path()}),
          options);
  CHECK(both.out == "hidden\nfile\nmore\n");
}

TEST_CASE("a command outside /tmp that is a link into it runs") {
  const RegistryView state;
  const TempDir folder;
  const std::string link = "/var/tmp/" + unique_text();
  write_file(folder / "real", "#!/bin/sh\necho real\n", 0755);
  fs::create_symlink(folder / "real", link);
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
  const TempDir folder;
  write_file(folder / "agent", "");
  auto options = state.options();
  options.directory = "/";
  options.environment.push_back("SSH_AUTH_SOCK=" + folder / "agent");
  CHECK(run(in_shard("ls $SSH_AUTH_SOCK"), options).out == folder / "agent" + "\n");
}

TEST_CASE("what --keep names may be anything, and may be kept already") {
  const RegistryView state;
  const TempDir folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  write_file(folder / "read-only", "text\n", 0444);
  auto options = state.options();
  for (const auto* directory : {folder.path().c_str(), "/"}) {
    options.directory = directory;
    const auto ended = run(in_shard("stat -c %F " + folder / "fifo" + "; cat " + folder / "read-only",
                                    {"--keep", folder / "fifo", "--keep", folder / "read-only"}),
                           options);
    CHECK(ended.out == "fifo\ntext\n");
    CHECK(ended.err.empty());
  }
  const std::string link = "/var/tmp/" + unique_text();
  fs::create_directory_symlink("/tmp", link);
  CHECK(
      run(in_shard("cat " + folder / "read-only", {"--keep", link + folder.path().substr(4)}), options).out ==
      "text\n");
  fs::remove(link);
}

TEST_CASE("the folders above a kept path can be entered by the command's user whatever the umask is") {
  const RegistryView state;
  const TempDir folder;
  fs::create_directories(folder / "a/b");
  auto options = state.options();
  options.directory = "/";
  options.prepare = [] { ::umask(0777); };
  CHECK(run(in_shard("stat -c %a " + folder / "a", {"--keep", folder / "a/b"}), options).out == "755\n");
}

}  // namespace nslaunch::test
