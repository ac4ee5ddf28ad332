#include "support/privilege_modes.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <sstream>
#include <stdexcept>

#include "support/namespaces.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

constexpr char kEnd = '\x1e';

std::string packed(const Result& result) {
  return fmt::format("{} {} {}{}{}", result.status, result.signal, result.out, kEnd, result.err);
}

Result unpacked(const std::string& text) {
  const auto end = text.find(kEnd);
  if (end == std::string::npos) throw std::runtime_error("in namespaces: " + text);
  std::istringstream numbers(text);
  Result result;
  numbers >> result.status >> result.signal;
  const auto start = static_cast<std::size_t>(numbers.tellg()) + 1;
  result.out = text.substr(start, end - start);
  result.err = text.substr(end + 1);
  return result;
}

/// For this process and what it executes.
void install(std::span<sock_filter> filter) {
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(97);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(97);
}

/// One of a system call's arguments (its lower half) that is to be answered with an errno.
struct Refusal {
  unsigned call;
  unsigned argument;    ///< 0 is the first
  unsigned comparison;  ///< BPF_JEQ, or BPF_JSET: a bit of the value is set
  unsigned value;
  unsigned error;
};

void refuse(const Refusal& refusal) {
  const auto argument =
      static_cast<unsigned>(offsetof(seccomp_data, args) + refusal.argument * sizeof(__u64));
  const auto compare = static_cast<unsigned short>(BPF_JMP | BPF_K | refusal.comparison);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refusal.call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
      BPF_JUMP(compare, refusal.value, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refusal.error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  install(filter);
}

/// Loads a filter that answers one system call so; returns a descriptor where `flags` ask for one.
long install_for(unsigned call, unsigned answer, unsigned flags) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(filter)), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(97);
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) ::_exit(97);
  return result;
}

/// clone3 is not there, clone and unshare get `answer` when they are asked for a namespace.
void answer_namespaces(unsigned answer) {
  constexpr unsigned kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNamespaces, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  install(filter);
}

}  // namespace

Result result_in_namespaces(int flags, const std::function<Result()>& body) {
  return unpacked(in_new_namespaces(flags, [&] { return packed(body()); }));
}

Result result_in_user_namespace(int flags, const std::function<Result()>& body) {
  const bool root = ::geteuid() == 0;  // an ordinary user gets a user namespace anyway
  return result_in_namespaces(flags | (root ? CLONE_NEWUSER : 0), [&] {
    if (root) {
      sys::check(-sys::write_file("/proc/self/setgroups", "deny"), "denying setgroups");
      sys::check(-sys::write_file("/proc/self/gid_map", "0 0 1"), "mapping groups");
      sys::check(-sys::write_file("/proc/self/uid_map", "0 0 1"), "mapping users");
    }
    return body();
  });
}

void drop_capability(int capability) {
  if (::prctl(PR_CAPBSET_DROP, capability) != 0 && errno != EPERM) ::_exit(97);
}

void drop_capabilities_except(const std::vector<int>& kept) {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    const bool keep = std::find(kept.begin(), kept.end(), capability) != kept.end();
    if (!keep && capability != CAP_SETPCAP) drop_capability(capability);
  }
  drop_capability(CAP_SETPCAP);  // what the others took
}

void filter_namespaces(bool forbid) {
  answer_namespaces(forbid ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW);
}

void kill_who_makes_namespaces() {
  answer_namespaces(SECCOMP_RET_KILL_PROCESS);
}

void kill_who_calls(unsigned call) {
  install_for(call, SECCOMP_RET_KILL_PROCESS, 0);
}

void hang_who_calls(unsigned call) {
  const long listener = install_for(call, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  ::fcntl(static_cast<int>(listener), F_SETFD, 0);
}

void filter_packet_sockets() {
  refuse({.call = SYS_socket, .argument = 0, .comparison = BPF_JEQ, .value = AF_PACKET, .error = EPERM});
}

void filter_unnamed_files() {
  constexpr unsigned kUnnamed = O_TMPFILE & ~O_DIRECTORY;
  refuse({.call = SYS_openat, .argument = 2, .comparison = BPF_JSET, .value = kUnnamed, .error = EOPNOTSUPP});
}

void filter_pidfs() {
  install_for(SYS_fstatfs, SECCOMP_RET_ERRNO | ENOSYS, 0);
}

void filter_owners_of_pidfds() {
  struct Info {  // linux/pidfd.h, pidfd_info as it was at first
    char content[64];
  };
  constexpr unsigned kGetInfo = _IOWR(0xFF, 11, Info);
  refuse({.call = SYS_ioctl, .argument = 1, .comparison = BPF_JEQ, .value = kGetInfo, .error = ENOTTY});
}

bool explains_itself(const Result& result) {
  if (result.status != 125 || !result.out.empty()) return false;
  std::istringstream text(result.err);
  int count = 0;
  for (std::string line; std::getline(text, line); ++count) {
    if (!line.starts_with("nslaunch: ")) return false;
  }
  return count >= 1 && count <= 3;
}

}  // namespace nslaunch::test
