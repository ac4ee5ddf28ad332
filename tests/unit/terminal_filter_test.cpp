#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "ns/terminal_filter.hpp"

namespace nslaunch::test {
namespace {

/// What the filter says, by the instructions that it uses, as the kernel carries them out.
std::uint32_t ask(std::uint32_t machine, int number, std::uint64_t request) {
  seccomp_data call = {};
  call.arch = machine;
  call.nr = number;
  call.args[1] = request;
  std::uint32_t value = 0;
  const auto filter = ns::typing_filter();
  for (std::size_t at = 0; at < filter.size(); ++at) {
    const auto& step = filter[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&value, reinterpret_cast<const char*>(&call) + step.k, sizeof value);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        value &= step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += value == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        FAIL("an instruction that the test does not know");
    }
  }
  FAIL("the filter has no end");
  return 0;
}

}  // namespace

TEST_CASE("the filter for another user's terminal refuses two requests, by each entry of the machine's") {
#if defined(__x86_64__)
  constexpr std::uint32_t kOwn = AUDIT_ARCH_X86_64;
  constexpr std::uint32_t kOlder = AUDIT_ARCH_I386;
  constexpr int kX32 = 0x40000000;
  const std::pair<std::uint32_t, int> entries[] = {
      {kOwn, 16}, {kOwn, 514}, {kOwn, kX32 + 514}, {kOwn, kX32 + 16}, {kOlder, 54}};
  const std::pair<std::uint32_t, int> others[] = {{kOwn, 54}, {kOwn, 0}, {kOlder, 16}, {kOlder, 514}};
#else
  constexpr std::uint32_t kOwn = AUDIT_ARCH_AARCH64;
  constexpr std::uint32_t kOlder = AUDIT_ARCH_ARM;
  const std::pair<std::uint32_t, int> entries[] = {{kOwn, 29}, {kOlder, 54}};
  const std::pair<std::uint32_t, int> others[] = {{kOwn, 54}, {kOwn, 0}, {kOlder, 29}};
#endif
  constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
  constexpr std::uint64_t kHigh = std::uint64_t{1} << 32;
  for (const auto& [machine, number] : entries) {
    CAPTURE(machine, number);
    for (const auto request : {std::uint64_t{TIOCSTI}, std::uint64_t{TIOCLINUX}}) {
      CHECK(ask(machine, number, request) == kRefused);
      CHECK(ask(machine, number, request | kHigh) == kRefused);
    }
    CHECK(ask(machine, number, TIOCGWINSZ) == SECCOMP_RET_ALLOW);
    CHECK(ask(machine, number, TIOCSTI + 1) == SECCOMP_RET_ALLOW);
  }
  for (const auto& [machine, number] : others) {
    CAPTURE(machine, number);
    CHECK(ask(machine, number, TIOCSTI) == SECCOMP_RET_ALLOW);
  }
}

}  // namespace nslaunch::test
