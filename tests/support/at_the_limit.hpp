#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::test {

/// What `look` says where this user may start no process.
inline std::string at_the_limit(const std::function<std::string()>& look) {
  const auto child = [&](int out) {
    const rlimit none = {0, 0};
    constexpr uid_t kNobody = 65'534;  // the limit does not hold for root
    sys::check(::setrlimit(RLIMIT_NPROC, &none), "setting a limit");
    if (::geteuid() == 0) sys::check(::setresuid(kNobody, kNobody, kNobody), "becoming nobody");
    sys::check(::prctl(PR_SET_DUMPABLE, 1), "letting its user see it");
    sys::write_all(out, look());
  };
  return sys::output_of_child(child, std::chrono::minutes{1}, 4096).text;
}

}  // namespace nslaunch::test
