#include "sys/base/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <regex>
#include <string>

#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"
#include "sys/files/open_output.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::chrono::system_clock::time_point kTime{std::chrono::microseconds{1'764'471'845'000'123}};

std::string content(const std::string& path) {
  return read_file(path.c_str()).value_or("none");
}

}  // namespace

TEST_CASE("a line of the log has its time to the microsecond and who says it") {
  const test::TempDir directory;
  LogFile log(open_output(directory / "log", O_APPEND));
  log.write(kTime, "0bad init", "process 2: exit status 0");
  CHECK(content(directory / "log") ==
        "2025-11-30T03:04:05.000123Z nslaunch[0bad init] process 2: exit status 0\n");
}

TEST_CASE("a log that has reached its size loses its older half") {
  const test::TempDir directory;
  LogFile log(open_output(directory / "log", O_APPEND), 400);
  for (int line = 0; line < 9; ++line) log.write(kTime, "run", std::to_string(line) + std::string(30, '.'));
  const auto kept = content(directory / "log");
  INFO(kept);
  CHECK(kept.size() < 400);
  CHECK(kept.starts_with("2025-11-30T"));
  CHECK_THAT(kept, !Catch::Contains("[run] 0..") && Catch::Contains("[run] 8.."));
}

TEST_CASE("a log that has a second name, and so may be another's, is never cut") {
  const test::TempDir directory;
  LogFile log(open_output(directory / "log", O_APPEND), 400);
  REQUIRE(::link((directory / "log").c_str(), (directory / "second").c_str()) == 0);
  for (int line = 0; line < 9; ++line) log.write(kTime, "run", std::to_string(line) + std::string(30, '.'));
  CHECK_THAT(content(directory / "log"), Catch::Contains("[run] 0..") && Catch::Contains("[run] 8.."));
}

TEST_CASE("a log to which others append is never cut") {
  const test::TempDir directory;
  LogFile log(open_output(directory / "log", O_APPEND), 400);
  log.write(kTime, "run", "first");
  const Fd other(open_output(directory / "log", O_APPEND));
  REQUIRE(write_all(other.get(), "somebody else's\n") == 0);
  for (int line = 0; line < 9; ++line) log.write(kTime, "run", std::to_string(line) + std::string(30, '.'));
  CHECK_THAT(content(directory / "log"), Catch::Contains("[run] first") &&
                                             Catch::Contains("somebody else's") &&
                                             Catch::Contains("[run] 8.."));
}

TEST_CASE("a log whose reader is gone counts what it loses") {
  auto pipe = make_pipe();
  LogFile log(std::move(pipe.write));
  pipe.read.reset();
  log.write(kTime, "run", "to nobody");
  CHECK(log.lost() == 1);
}

TEST_CASE("a log whose reader is slow counts what it loses, and says so when it goes on") {
  auto pipe = make_pipe();
  REQUIRE(::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK) == 0);
  LogFile log(std::move(pipe.write));
  while (log.lost() < 3) log.write(kTime, "run", std::string(1000, '.'));
  REQUIRE(read_rest(pipe.read.get(), 40'000).has_value());
  log.write(kTime, "run", "goes on");
  CHECK(log.lost() == 0);
}

}  // namespace nslaunch::sys
