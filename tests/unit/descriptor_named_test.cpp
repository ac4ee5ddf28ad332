#include <catch2/catch.hpp>

#include "sys/base/fd.hpp"

using nslaunch::sys::descriptor_named;

TEST_CASE("a path that names a descriptor of our own has its number and nothing behind it", "[unit]") {
  CHECK(descriptor_named("/dev/stdin") == 0);
  CHECK(descriptor_named("/dev/stderr") == 2);
  CHECK(descriptor_named("/dev/fd/7") == 7);
  CHECK(descriptor_named("/proc/self/fd/12") == 12);
  for (const char* path :
       {"/dev/fd/3/vars", "/dev/fd/../shm/x", "/proc/self/fd/", "/dev/fd/-1", "/dev/fd/7 ", "dev/fd/7"}) {
    CAPTURE(path);
    CHECK_FALSE(descriptor_named(path));
  }
}
