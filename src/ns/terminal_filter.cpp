#include "ns/terminal_filter.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace nslaunch::ns {
namespace {

/// A system call number of ioctl, in the machine's own ABI or an older one's.
struct Entry {
  std::uint32_t machine;
  std::uint32_t number;
};

#if defined(__x86_64__)
constexpr Entry kEntries[] = {
    {AUDIT_ARCH_X86_64, 16}, {AUDIT_ARCH_X86_64, 514 /* x32 */}, {AUDIT_ARCH_I386, 54}};
#elif defined(__aarch64__)
constexpr Entry kEntries[] = {{AUDIT_ARCH_AARCH64, 29}, {AUDIT_ARCH_ARM, 54}};
#else
#error "by which numbers is ioctl called here?"
#endif

/// Set in x32's numbers; some kernels accept them with and without it.
constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kRequests[] = {TIOCSTI, TIOCLINUX};

constexpr std::uint32_t kMachineAt = offsetof(seccomp_data, arch);
constexpr std::uint32_t kNumberAt = offsetof(seccomp_data, nr);
/// The kernel uses only these 32 bits of the request.
constexpr std::uint32_t kRequestAt =
    offsetof(seccomp_data, args) + 8 + (std::endian::native == std::endian::big ? 4 : 0);

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kMask = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;

constexpr std::size_t kPerEntry = 5;
constexpr std::size_t kLook = kPerEntry * std::size(kEntries) + 1;  // where the request is checked
constexpr std::size_t kAllow = kLook + 1 + std::size(kRequests);
using Program = std::array<sock_filter, kAllow + 2>;

consteval std::uint8_t steps_from(std::size_t here, std::size_t to) {
  return static_cast<std::uint8_t>(to - here - 1);
}

consteval Program make_program() {
  Program program = {};
  std::size_t at = 0;
  for (const auto& entry : kEntries) {
    program[at++] = {kLoad, 0, 0, kMachineAt};
    program[at] = {kIfEqual, 0, kPerEntry - 2, entry.machine};
    program[++at] = {kLoad, 0, 0, kNumberAt};
    program[++at] = {kMask, 0, 0, ~kX32Bit};
    ++at;
    program[at] = {kIfEqual, steps_from(at, kLook), 0, entry.number};
    ++at;
  }
  program[at] = {BPF_JMP | BPF_JA, 0, 0, kAllow - kLook};
  program[++at] = {kLoad, 0, 0, kRequestAt};
  for (const auto request : kRequests) {
    ++at;
    program[at] = {kIfEqual, steps_from(at, kAllow + 1), 0, request};
  }
  program[kAllow] = {kReturn, 0, 0, SECCOMP_RET_ALLOW};
  program[kAllow + 1] = {kReturn, 0, 0, SECCOMP_RET_ERRNO | EPERM};
  return program;
}

constexpr Program kProgram = make_program();

/// Since Linux 6.2.
bool is_switched_off() noexcept {
  const int setting = ::open("/proc/sys/dev/tty/legacy_tiocsti", O_RDONLY | O_CLOEXEC);
  if (setting < 0) return false;
  char value = 0;
  const bool is_read = ::read(setting, &value, 1) == 1;
  ::close(setting);
  return is_read && value == '0';
}

}  // namespace

std::span<const sock_filter> typing_filter() noexcept {
  return kProgram;
}

int forbid_typing() noexcept {
  const sock_fprog program = {kProgram.size(), const_cast<sock_filter*>(kProgram.data())};
  // No speculation mitigation for this filter's sake; kernels before 4.17 don't know that flag.
  for (const unsigned flags : {unsigned{SECCOMP_FILTER_FLAG_SPEC_ALLOW}, 0u}) {
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0) return 0;
    if (errno != EINVAL) break;
  }
  const int error = errno;
  return is_switched_off() ? 0 : error;
}

}  // namespace nslaunch::ns
