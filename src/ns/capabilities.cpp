#include "ns/capabilities.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/check.hpp"

namespace nslaunch::ns {

Capabilities effective_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  sys::check(::syscall(SYS_capget, &header, data), "reading our capabilities");
  const auto has = [&](unsigned capability) {
    return (data[capability / 32].effective >> (capability % 32) & 1U) != 0;
  };
  return {.sys_admin = has(CAP_SYS_ADMIN),
          .net_admin = has(CAP_NET_ADMIN),
          .set_ids = has(CAP_SETUID) && has(CAP_SETGID)};
}

}  // namespace nslaunch::ns
