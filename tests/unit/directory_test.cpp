#include "sys/files/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <functional>

#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/files/remove_contents.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using sys::Directory;

int code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code().value();
  }
  return 0;
}

}  // namespace

TEST_CASE("a directory is made with the mode that was asked for, and those above it, whatever the umask is") {
  const TempDir folder;
  const mode_t before = ::umask(0777);
  const auto made = Directory::open_or_make(folder / "a/b", 0750);
  const mode_t during = ::umask(before);
  CHECK(during == 0777);
  CHECK((made.status().st_mode & 07777) == 0750);
  CHECK(fs::status(folder / "a").permissions() == fs::perms(0750));
  CHECK(made.path() == fs::canonical(folder / "a/b"));
  CHECK(sys::is_same(Directory::open_or_make(folder / "a/b", 0700).fd(), made.fd()));
}

TEST_CASE("a way without links meets an error where there is one") {
  const TempDir folder;
  fs::create_directories(folder / "real/inner");
  fs::create_directory_symlink("real", folder / "link");
  const auto open = [&](const std::string& path) {
    return code_of([&] { Directory::open_without_links(folder / path); });
  };
  CHECK(open("real/inner") == 0);
  CHECK(open("link/inner") == ENOTDIR);
  CHECK(open("link") == ELOOP);
  CHECK(open("real/../real") == EINVAL);
  CHECK(open("missing") == ENOENT);
  const auto base = Directory::open(folder.path());
  CHECK(code_of([&] { base.open_or_make_below("link/new", 0700); }) == ENOTDIR);
  CHECK(code_of([&] { base.open_below("link"); }) == ENOTDIR);
  CHECK(code_of([&] { base.open_below("real/inner"); }) == EINVAL);
  CHECK(code_of([&] { base.open_below(".."); }) == EINVAL);
  CHECK(code_of([&] { base.make("link", 0700); }) == EEXIST);
  base.open_or_make_below("real/new/one", 0711);
  CHECK(fs::status(folder / "real/new/one").permissions() == fs::perms(0711));
}

TEST_CASE("a new file takes the place of a link, and of a file that has another name too") {
  const TempDir folder;
  write_file(folder / "victim", "text");
  fs::create_symlink("victim", folder / "link");
  fs::create_hard_link(folder / "victim", folder / "hard");
  const auto base = Directory::open(folder.path());
  for (const char* name : {"link", "hard"}) {
    const auto file = base.make_file(name, 0600);
    CHECK(::write(file.get(), "new", 3) == 3);
  }
  CHECK(fs::file_size(folder / "victim") == 4);
  fs::create_directory(folder / "taken");
  CHECK(code_of([&] { base.make_file("taken", 0600); }) == EEXIST);
}

TEST_CASE("all that is in a directory is removed, unreadable or not, and nothing that its links lead to") {
  const TempDir folder;
  fs::create_directories(folder / "work/work/deep");
  fs::create_directory(folder / "victim");
  write_file(folder / "victim/file", "");
  write_file(folder / "work/work/deep/file", "");
  fs::permissions(folder / "victim", fs::perms(0711));
  fs::create_directory_symlink("../victim", folder / "work/link");
  fs::permissions(folder / "work", fs::perms(0755));
  fs::permissions(folder / "work/work/deep", fs::perms(0));
  fs::permissions(folder / "work/work", fs::perms(0));
  const auto base = Directory::open(folder.path());
  const auto work = base.open_below("work");
  CHECK(work.remove_contents());
  CHECK(work.is_empty());
  CHECK(fs::exists(folder / "victim/file"));
  CHECK(fs::status(folder / "victim").permissions() == fs::perms(0711));
  // Not what has its name by now.
  fs::rename(folder / "work", folder / "moved");
  fs::create_directory(folder / "work");
  base.remove("work", work);
  CHECK(fs::exists(folder / "work"));
  base.remove("moved", work);
  CHECK_FALSE(fs::exists(folder / "moved"));
}

TEST_CASE("what is in a directory that others can write to is not removed: it may have been moved there") {
  const TempDir folder;
  fs::create_directories(folder / "work/others/deep");
  write_file(folder / "work/others/deep/file", "");
  write_file(folder / "work/file", "");
  fs::permissions(folder / "work", fs::perms(0755));
  fs::permissions(folder / "work/others", fs::perms(0775));
  const auto work = Directory::open(folder / "work");
  CHECK(sys::remove_contents(work.fd()) == ENOTEMPTY);
  CHECK(fs::exists(folder / "work/others/deep/file"));
  CHECK_FALSE(fs::exists(folder / "work/file"));
}

TEST_CASE("who adds to a directory for ever holds up its removal for the given time only") {
  const TempDir folder;
  write_file(folder / "file", "");
  CHECK(sys::remove_contents(Directory::open(folder.path()).fd(), std::chrono::milliseconds(0)) == ETIME);
  CHECK(fs::exists(folder / "file"));
}

TEST_CASE("a descriptor goes on meaning its directory when the name has another") {
  const TempDir folder;
  fs::create_directory(folder / "one");
  const auto one = Directory::open(folder / "one");
  fs::rename(folder / "one", folder / "two");
  fs::create_directory(folder / "one");
  CHECK_FALSE(sys::is_same(one.fd(), Directory::open(folder / "one").fd()));
  CHECK(one.path() == fs::canonical(folder / "two"));
  fs::remove(folder / "two");
  CHECK(one.path().empty());
}

}  // namespace nslaunch::test
