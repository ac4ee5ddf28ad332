#pragma once

#include <sys/stat.h>

namespace nslaunch::registry {

/// What is made while it lives gets exactly the owner's permissions that it asks for, whatever the
/// caller's umask takes away.
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
