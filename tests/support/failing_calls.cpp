#include "support/failing_calls.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <set>
#include <sstream>

#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

/// What can't fail, or not without the C library's giving up.
const std::set<std::string> kNeverFail = {
    "exit",    "exit_group", "rt_sigreturn", "getpid", "getppid",         "gettid",         "getuid",
    "geteuid", "getgid",     "getegid",      "umask",  "sched_yield",     "getpgrp",        "futex",
    "rseq",    "munmap",     "arch_prctl",   "getsid", "set_robust_list", "set_tid_address"};

/// Calls that give a descriptor.
const std::set<std::string> kOpening = {"open",         "openat",        "socket",    "pipe2",
                                        "memfd_create", "epoll_create1", "signalfd4", "timerfd_create",
                                        "accept4",      "dup3"};

/// Errors that the kernel may give, the likeliest first.
std::vector<int> errors_of(const std::string& call) {
  static const std::map<std::string, std::vector<int>> kErrors = {
      {"brk", {ENOMEM}},
      {"clone", {EAGAIN, ENOMEM}},
      {"close", {EIO, EINTR}},
      {"close_range", {ENOSYS, EPERM}},
      {"epoll_wait", {EIO, EINTR}},
      {"execve", {ENOMEM, EACCES}},
      {"getrandom", {ENOSYS, EINTR}},
      {"mmap", {ENOMEM, EPERM}},
      {"openat2", {ENOSYS, EMFILE}},
      {"pidfd_open", {ENOSYS, EMFILE}},
      {"poll", {ENOMEM, EINTR}},
      {"prctl", {EINVAL, EPERM}},
      {"pwrite64", {ENOSPC, EIO}},
      {"read", {EIO, EINTR}},
      {"recvmsg", {ENOMEM, EINTR}},
      {"renameat2", {EINVAL, ENOSPC}},
      {"sendmsg", {ENOMEM, ETOOMANYREFS}},
      {"unshare", {ENOSPC, EPERM}},
      {"vfork", {EAGAIN, ENOMEM}},
      {"wait4", {EINVAL, EINTR}},
      {"waitid", {EINVAL, EINTR}},
      {"write", {ENOSPC, EIO}},
  };
  const auto found = kErrors.find(call);
  if (found != kErrors.end()) return found->second;
  return kOpening.count(call) != 0 ? std::vector<int>{EMFILE, ENOMEM} : std::vector<int>{EPERM, ENOMEM};
}

/// "1:recvmsg:ENOMEM:3+": in a child of the started process (its init) the third recvmsg and all later ones.
std::string name_of(const CallFault& fault) {
  return fmt::format("{}:{}:{}:{}{}", fault.generation, fault.call, ::strerrorname_np(fault.error), fault.nth,
                     fault.lasting ? "+" : "");
}

bool is_wanted(const CallFault& fault) {
  if (const char* one = std::getenv("NSLAUNCH_CHAOS_FAULT"); one != nullptr) return name_of(fault) == one;
  if (std::getenv("NSLAUNCH_CHAOS_ALL") != nullptr) return true;
  return fault.nth == 1 && !fault.lasting && fault.error == errors_of(fault.call).front();
}

std::vector<CallFault> faults_for(const Deed& deed, const Traced& clean) {
  std::vector<CallFault> faults;
  for (const auto& [where, count] : clean.calls) {
    const auto& [generation, call] = where;
    if (kNeverFail.count(call) != 0) continue;
    for (const int error : errors_of(call)) {
      for (int nth = 1; nth <= count; ++nth) {
        faults.push_back({generation, call, nth, error, false});
        // A call that is interrupted for ever is repeated for ever, as it should be.
        const bool may_last = error != EINTR && deed.waited_out.count(call) == 0;
        if (may_last) faults.push_back({generation, call, nth, error, true});
      }
    }
  }
  std::erase_if(faults, [](const CallFault& fault) { return !is_wanted(fault); });
  return faults;
}

std::string own_namespaces() {
  std::string words = " ";
  for (const char* kind : {"net", "pid", "mnt", "ipc"}) {
    struct stat status = {};
    ::stat((std::string("/proc/self/ns/") + kind).c_str(), &status);
    words += fmt::format("{}:{} ", kind, status.st_ino);
  }
  return words;
}

/// A line that is neither a message of nslaunch's nor goes on with one.
std::string strange_line(const std::string& err) {
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("nslaunch: ", 0) != 0 && line.rfind("  ", 0) != 0) return line;
  }
  return {};
}

Traced perform(const Deed& deed, const std::optional<CallFault>& fault, std::string& seen_beside) {
  deed.before();
  CallTracer tracer(deed.words, deed.options());
  std::future<std::string> other;
  if (deed.beside) other = std::async(std::launch::async, [&] { return deed.beside(tracer); });
  auto traced = tracer.run(fault);
  if (other.valid()) seen_beside = other.get();
  return traced;
}

/// Which promise its end breaks; empty: none.
std::string broken_by(const Deed& deed, const Traced& traced) {
  if (!traced.endless.empty()) return traced.endless;
  if (const auto line = strange_line(traced.err); !line.empty()) return "says " + line;
  if (traced.status != 125) return deed.wrong(traced);
  return traced.err.empty() && !traced.struck_stderr ? "125 without a word" : "";
}

/// What `nslaunch reap` leaves of it, beyond `expected`; then removes that, too.
std::string left_of(const Deed& deed, const Words& expected) {
  std::string left;
  if (!all_gone(deed.mark)) left += " processes";
  if (const auto reaped = deed.registry.ask({"reap"}); reaped.status != 0) left += " reap: " + reaped.err;
  for (const auto& name : deed.registry.files()) {
    if (std::count(expected.begin(), expected.end(), name) != 0) continue;
    left += " " + name;
    std::filesystem::remove(deed.registry.path() + "/" + name);
  }
  for (const auto& entry : std::filesystem::directory_iterator(deed.temporary.path())) {
    left += " " + entry.path().string();
    std::filesystem::remove_all(entry.path());
  }
  return left.empty() ? "" : "left:" + left;
}

/// What is broken with that call failing, a line; empty: nothing.
std::string judge(const Deed& deed, const std::optional<CallFault>& fault, const Words& expected,
                  Traced& traced) {
  std::string beside;
  traced = perform(deed, fault, beside);
  std::string broken;
  for (const auto& wrong : {broken_by(deed, traced), beside, left_of(deed, expected)}) {
    if (!wrong.empty()) broken += (broken.empty() ? "" : "; ") + wrong;
  }
  return broken;
}

}  // namespace

Deed::Deed() : host_listener(listen_tcp("127.0.0.1", 0)) {}

StartOptions Deed::options() const {
  auto options = registry.options();
  // A short PATH, so that there are few calls.
  options.environment.insert(options.environment.end(), {"PATH=/usr/bin:/bin", "TMPDIR=" + temporary.path()});
  options.directory = "/";
  return options;
}

Words Deed::look_around() const {
  sockaddr_in name = {};
  socklen_t size = sizeof name;
  ::getsockname(host_listener.get(), reinterpret_cast<sockaddr*>(&name), &size);
  return {probe_binary(), "apart", own_namespaces(), std::to_string(ntohs(name.sin_port)), mark};
}

std::string not_apart(const Traced& traced, int shards, int status) {
  std::string said;
  for (int shard = 0; shard < shards; ++shard) said += "apart\n";
  if (traced.status == status && traced.out == said) return {};
  // One whose exec(2) has failed.
  const bool one_less =
      traced.out.size() + 6 == said.size() && traced.err.find("running /") != std::string::npos;
  if (traced.status == (shards > 1 ? status : 126) && one_less) return {};
  return fmt::format("status {}, signal {}, stdout {}, stderr {}", traced.status, traced.signal, traced.out,
                     traced.err);
}

void try_with_failing_calls(Deed& deed) {
  need_traceable_calls();
  const auto expected = deed.registry.files();
  Traced clean;
  CHECK(judge(deed, std::nullopt, expected, clean) == "");
  INFO(clean.err);
  REQUIRE(clean.status != 125);
  int struck = 0;
  std::string broken;
  const auto faults = faults_for(deed, clean);
  for (const auto& fault : faults) {
    Traced traced;
    const auto wrong = judge(deed, fault, expected, traced);
    struck += traced.struck ? 1 : 0;
    if (wrong.empty()) continue;
    broken += name_of(fault) + "  " + wrong + "\n";
    std::printf("%s  %s\n", name_of(fault).c_str(), wrong.c_str());
    std::fflush(stdout);
  }
  std::printf("%zu failing calls tried, %d of them made\n", faults.size(), struck);
  INFO(broken);
  CHECK(broken.empty());
  CHECK(struck > 0);
}

}  // namespace nslaunch::test
