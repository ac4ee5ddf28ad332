#pragma once

#include <sys/resource.h>

namespace nslaunch::sys {

/// The soft limit on descriptors of this process, while it lives: `wanted`, as far as the hard limit allows.
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

/// The current soft limit; no limit if it can't be read.
rlim_t descriptor_limit() noexcept;

constexpr rlim_t kEveryDescriptor = RLIM_INFINITY;

}  // namespace nslaunch::sys
