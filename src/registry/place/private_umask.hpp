#pragma once

#include <sys/stat.h>

namespace nslaunch::registry {

/// Files created during its lifetime get exactly the owner's permissions that are requested, whatever the
/// caller's umask removes.
class PrivateUmask {
 public:
  PrivateUmask() noexcept : before_(::umask(077)) {}
  PrivateUmask(const PrivateUmask&) = delete;
  PrivateUmask& operator=(const PrivateUmask&) = delete;
  ~PrivateUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace nslaunch::registry
