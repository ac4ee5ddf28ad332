#include "sys/files/pending_file.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::sys {
namespace {

/// The names that have come into a directory, or have become free there.
class Watcher {
 public:
  explicit Watcher(const std::string& directory) : fd_(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "")) {
    check(::inotify_add_watch(fd_.get(), directory.c_str(), IN_CREATE | IN_MOVED_TO | IN_DELETE), "watching");
  }
  std::string seen() const {
    alignas(inotify_event) char events[4096];
    std::string names;
    const ssize_t count = ::read(fd_.get(), events, sizeof events);
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      names += ((event->mask & IN_DELETE) != 0 ? "-" : "") + std::string(event->name) + " ";
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    return names;
  }

 private:
  Fd fd_;
};

}  // namespace

TEST_CASE("the name of a file that is replaced is free at no time where others could take it") {
  const bool is_shared = GENERATE(true, false);
  const test::TempDir directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(is_shared ? 01777 : 01755));
  test::write_file(directory / "report", "old");
  const auto place = open_file(directory.path(), O_PATH | O_DIRECTORY);
  const Watcher watcher(directory.path());
  {
    PendingFile file(place.get(), O_WRONLY, 0600, [](int, const std::string&) { return false; });
    REQUIRE(write_all(file.fd(), "new") == 0);
    REQUIRE(file.replace("report") == 0);
  }
  CHECK(read_file((directory / "report").c_str()) == "new");
  CHECK((watcher.seen().find("-report ") != std::string::npos) == !is_shared);
}

TEST_CASE("a file is replaced without a temporary where that would be found by nobody after a kill") {
  const bool would_be_found = GENERATE(true, false);
  const test::TempDir directory;
  test::write_file(directory / "report", "old");
  const auto place = open_file(directory.path(), O_PATH | O_DIRECTORY);
  const Watcher watcher(directory.path());
  {
    PendingFile file(place.get(), O_WRONLY, 0600, [&](int, const std::string&) { return would_be_found; });
    REQUIRE(write_all(file.fd(), "new") == 0);
    REQUIRE(file.replace("report") == 0);
  }
  CHECK(read_file((directory / "report").c_str()) == "new");
  CHECK((watcher.seen().find(".nslaunch-") != std::string::npos) == would_be_found);
}

}  // namespace nslaunch::sys
