#include "sys/base/limits.hpp"

#include <algorithm>

namespace nslaunch::sys {

DescriptorLimit::DescriptorLimit(rlim_t wanted) noexcept {
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
  const rlimit limit = {std::min(wanted, before_.rlim_max), before_.rlim_max};
  changed_ = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  now_ = changed_ ? limit.rlim_cur : before_.rlim_cur;
}

DescriptorLimit::~DescriptorLimit() {
  if (changed_) ::setrlimit(RLIMIT_NOFILE, &before_);
}

rlim_t descriptor_limit() noexcept {
  rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace nslaunch::sys
