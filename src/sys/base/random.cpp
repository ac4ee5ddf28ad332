#include "sys/base/random.hpp"

#include <sys/random.h>

#include <cstdint>

#include "sys/base/check.hpp"

namespace nslaunch::sys {

std::string random_hex() {
  std::uint64_t random = 0;
  check(::getrandom(&random, sizeof random, 0), "choosing a name");
  return fmt::format("{:016x}", random);
}

}  // namespace nslaunch::sys
