#include "sys/files/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <functional>

#include "support/skip.hpp"
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
  const TempDir directory;
  const mode_t before = ::umask(0777);
  const auto made = Directory::open_or_make(directory / "a/b", 0750);
  const mode_t during = ::umask(before);
  CHECK(during == 0777);
  CHECK((made.status().st_mode & 07777) == 0750);
  CHECK(fs::status(directory / "a").permissions() == fs::perms(0750));
  CHECK(made.path() == fs::canonical(directory / "a/b"));
  CHECK(sys::is_same(Directory::open_or_make(directory / "a/b", 0700).fd(), made.fd()));
}

TEST_CASE("a way without links meets an error where there is one") {
  const TempDir directory;
  fs::create_directories(directory / "real/inner");
  fs::create_directory_symlink("real", directory / "link");
  const auto open = [&](const std::string& path) {
    return code_of([&] { Directory::open_without_links(directory / path); });
  };
  CHECK(open("real/inner") == 0);
  CHECK(open("link/inner") == ENOTDIR);
  CHECK(open("link") == ELOOP);
  CHECK(open("real/../real") == EINVAL);
  CHECK(open("missing") == ENOENT);
  const auto base = Directory::open(directory.path());
  CHECK(code_of([&] { base.open_or_make_below("link/new", 0700); }) == ENOTDIR);
  CHECK(code_of([&] { base.open_below("link"); }) == ENOTDIR);
  CHECK(code_of([&] { base.open_below("real/inner"); }) == EINVAL);
  CHECK(code_of([&] { base.open_below(".."); }) == EINVAL);
  CHECK(code_of([&] { base.make("link", 0700); }) == EEXIST);
  base.open_or_make_below("real/new/one", 0711);
  CHECK(fs::status(directory / "real/new/one").permissions() == fs::perms(0711));
}

TEST_CASE("a new file takes the place of a link, and of a file that has another name too") {
  const TempDir directory;
  write_file(directory / "victim", "text");
  fs::create_symlink("victim", directory / "link");
  fs::create_hard_link(directory / "victim", directory / "hard");
  const auto base = Directory::open(directory.path());
  for (const char* name : {"link", "hard"}) {
    const auto file = base.make_file(name, 0600);
    CHECK(::write(file.get(), "new", 3) == 3);
  }
  CHECK(fs::file_size(directory / "victim") == 4);
  fs::create_directory(directory / "taken");
  CHECK(code_of([&] { base.make_file("taken", 0600); }) == EEXIST);
}

TEST_CASE("a new file takes the place of no other user's in a sticky directory") {
  constexpr uid_t kSomebody = 54321;
  const TempDir directory;
  fs::permissions(directory.path(), fs::perms(01777));
  write_file(directory / "theirs", "theirs");
  if (::chown((directory / "theirs").c_str(), kSomebody, kSomebody) != 0)
    SKIP_TEST("needs root: chown to another user");
  const auto base = Directory::open(directory.path());
  CHECK(code_of([&] { base.make_file("theirs", 0600); }) == EACCES);
  CHECK(fs::file_size(directory / "theirs") == 6);
  fs::permissions(directory.path(), fs::perms(0755));
  base.make_file("theirs", 0600);
  CHECK(fs::file_size(directory / "theirs") == 0);
}

TEST_CASE("all that is in a directory is removed, unreadable or not, and nothing that its links lead to") {
  const TempDir directory;
  fs::create_directories(directory / "work/work/deep");
  fs::create_directory(directory / "victim");
  write_file(directory / "victim/file", "");
  write_file(directory / "work/work/deep/file", "");
  fs::permissions(directory / "victim", fs::perms(0711));
  fs::create_directory_symlink("../victim", directory / "work/link");
  fs::permissions(directory / "work", fs::perms(0755));
  fs::permissions(directory / "work/work/deep", fs::perms(0));
  fs::permissions(directory / "work/work", fs::perms(0));
  const auto base = Directory::open(directory.path());
  const auto work = base.open_below("work");
  CHECK(work.remove_contents());
  CHECK(work.is_empty());
  CHECK(fs::exists(directory / "victim/file"));
  CHECK(fs::status(directory / "victim").permissions() == fs::perms(0711));
  // Not what has its name by now.
  fs::rename(directory / "work", directory / "moved");
  fs::create_directory(directory / "work");
  base.remove("work", work);
  CHECK(fs::exists(directory / "work"));
  base.remove("moved", work);
  CHECK_FALSE(fs::exists(directory / "moved"));
}

TEST_CASE("what is in a directory that others can write to is not removed: it may have been moved there") {
  const TempDir directory;
  fs::create_directories(directory / "work/others/deep");
  write_file(directory / "work/others/deep/file", "");
  write_file(directory / "work/file", "");
  fs::permissions(directory / "work", fs::perms(0755));
  fs::permissions(directory / "work/others", fs::perms(0775));
  const auto work = Directory::open(directory / "work");
  CHECK(sys::remove_contents(work.fd()) == ENOTEMPTY);
  CHECK(fs::exists(directory / "work/others/deep/file"));
  CHECK_FALSE(fs::exists(directory / "work/file"));
}

TEST_CASE("who adds to a directory for ever holds up its removal for the given time only") {
  const TempDir directory;
  write_file(directory / "file", "");
  CHECK(sys::remove_contents(Directory::open(directory.path()).fd(), std::chrono::milliseconds(0)) == ETIME);
  CHECK(fs::exists(directory / "file"));
}

TEST_CASE("a descriptor goes on meaning its directory when the name has another") {
  const TempDir directory;
  fs::create_directory(directory / "one");
  const auto one = Directory::open(directory / "one");
  fs::rename(directory / "one", directory / "two");
  fs::create_directory(directory / "one");
  CHECK_FALSE(sys::is_same(one.fd(), Directory::open(directory / "one").fd()));
  CHECK(one.path() == fs::canonical(directory / "two"));
  fs::remove(directory / "two");
  CHECK(one.path().empty());
}

}  // namespace nslaunch::test
