#include "ns/capabilities.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/base/check.hpp"

namespace nslaunch::ns {

std::uint64_t effective_set() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  sys::check(::syscall(SYS_capget, &header, data), "reading our capabilities");
  return std::uint64_t{data[1].effective} << 32 | data[0].effective;
}

Capabilities effective_capabilities() {
  const auto set = effective_set();
  const auto has = [&](unsigned capability) { return (set >> capability & 1U) != 0; };
  return {.sys_admin = has(CAP_SYS_ADMIN),
          .net_admin = has(CAP_NET_ADMIN),
          .set_ids = has(CAP_SETUID) && has(CAP_SETGID)};
}

}  // namespace nslaunch::ns
