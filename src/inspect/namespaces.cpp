#include "inspect/namespaces.hpp"

#include "sys/procfs.hpp"

namespace nslaunch::inspect {

std::vector<Namespace> own_namespaces(pid_t init) {
  std::vector<Namespace> found;
  for (const char* type : {"net", "pid", "mnt", "ipc", "uts", "user", "cgroup", "time"}) {
    const auto inode = sys::namespace_inode(init, type);
    if (inode != 0 && inode != sys::namespace_inode(0, type)) found.push_back({type, inode});
  }
  return found;
}

}  // namespace nslaunch::inspect
