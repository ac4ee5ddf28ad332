#pragma once

#include <sys/resource.h>

namespace nslaunch::sys {

/// How many descriptors this process may open, while it lives: `wanted`, as far as the hard limit allows.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t wanted) noexcept;
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit();

  rlim_t now() const noexcept { return now_; }

 private:
  rlimit before_ = {};
  bool changed_ = false;
  rlim_t now_ = RLIM_INFINITY;
};

/// The soft limit of now; no limit where it can't be read.
rlim_t descriptor_limit() noexcept;

constexpr rlim_t kEveryDescriptor = RLIM_INFINITY;

}  // namespace nslaunch::sys
