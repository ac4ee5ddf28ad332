#include "inspect/snapshot/namespaces.hpp"

#include <sstream>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

std::vector<Namespace> own_namespaces(pid_t init) {
  PatientReads reads(1, [init](std::size_t) {
    std::string text;
    for (const char* type : {"net", "pid", "mnt", "ipc", "uts", "user", "cgroup", "time"}) {
      const auto inode = sys::namespace_inode(init, type);
      if (inode != 0 && inode != sys::namespace_inode(0, type)) text += fmt::format("{} {} ", type, inode);
    }
    return text;
  });
  std::istringstream words(reads.take().front().value_or(""));
  std::vector<Namespace> found;
  for (Namespace each; words >> each.type >> each.inode;) found.push_back(each);
  return found;
}

bool is_in_our_network(pid_t init) {
  PatientReads reads(1, [init](std::size_t) { return std::to_string(sys::namespace_inode(init, "net")); });
  return reads.take().front() == std::to_string(sys::namespace_inode(0, "net"));
}

}  // namespace nslaunch::inspect
