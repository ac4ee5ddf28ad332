#include "sys/base/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <regex>
#include <string>

#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"
#include "sys/files/output_file.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::chrono::system_clock::time_point kTime{std::chrono::microseconds{1'764'471'845'000'123}};

std::string content(const std::string& path) {
  return read_file(path.c_str()).value_or("none");
}

}  // namespace

TEST_CASE("a line of the log has its time to the microsecond and who says it") {
  const test::TempDir directory;
  LogFile log(open_output(directory / "log", O_APPEND), [] { return Fd(); });
  log.write(kTime, "0bad init", "process 2: exit status 0");
  CHECK(content(directory / "log") == "2025-11-30T03:04:05.000123Z 0bad init process 2: exit status 0\n");
}

TEST_CASE("a log that has its size goes to an older file, whose content goes") {
  const test::TempDir directory;
  const auto place = open_file(directory.path(), O_PATH | O_DIRECTORY);
  const auto open_older = [&] { return open_derived_output_at(place.get(), "log.1"); };
  LogFile log(open_output(directory / "log", O_APPEND), open_older, 100);
  for (int line = 0; line < 5; ++line) log.write(kTime, "run", std::to_string(line) + std::string(30, '.'));
  CHECK_THAT(content(directory / "log"), Catch::Contains("run 4..") && !Catch::Contains("run 3.."));
  CHECK_THAT(content(directory / "log.1"),
             Catch::Contains("run 2..") && Catch::Contains("run 3..") && !Catch::Contains("run 1.."));
}

TEST_CASE("a log whose older file can't be had grows on") {
  const test::TempDir directory;
  LogFile log(
      open_output(directory / "log", O_APPEND), [] { return Fd(); }, 100);
  for (int line = 0; line < 5; ++line) log.write(kTime, "run", std::to_string(line) + std::string(30, '.'));
  CHECK_THAT(content(directory / "log"), Catch::Contains("run 0..") && Catch::Contains("run 4.."));
}

TEST_CASE("a log whose reader is slow counts what it loses, and says so when it goes on") {
  auto pipe = make_pipe();
  REQUIRE(::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK) == 0);
  LogFile log(std::move(pipe.write), [] { return Fd(); });
  while (log.lost() < 3) log.write(kTime, "run", std::string(1000, '.'));
  REQUIRE(read_rest(pipe.read.get(), 40'000).has_value());
  log.write(kTime, "run", "goes on");
  CHECK(log.lost() == 0);
}

TEST_CASE("a file whose name is made of another's is opened where it is one's own alone") {
  const test::TempDir directory;
  const auto place = open_file(directory.path(), O_PATH | O_DIRECTORY);
  REQUIRE(::symlink("precious", (directory / "link").c_str()) == 0);
  REQUIRE(write_all(open_output(directory / "precious").get(), "precious") == 0);
  REQUIRE(::link((directory / "precious").c_str(), (directory / "second").c_str()) == 0);
  CHECK_FALSE(open_derived_output_at(place.get(), "link"));
  CHECK_FALSE(open_derived_output_at(place.get(), "second"));
  CHECK(open_derived_output_at(place.get(), "new"));
  CHECK(content(directory / "precious") == "precious");
}

}  // namespace nslaunch::sys
