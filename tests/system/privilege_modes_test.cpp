#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/prepared_shard.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

void set_limit_of(const char* kind, const char* value) {
  const auto path = fmt::format("/proc/sys/user/max_{}_namespaces", kind);
  sys::check(-sys::write_file(path.c_str(), value), "writing {}", path);
}

}  // namespace

TEST_CASE("root needs no user namespace, an ordinary user gets one") {
  const auto result = in_shard_prepared({});
  check_works_in_full(result);
  if (is_root()) CHECK_THAT(result.out, !Contains(",user,"));
  if (!is_root()) CHECK_THAT(result.out, Contains(",user,"));
}

TEST_CASE("root without CAP_NET_ADMIN gets a user namespace for the network alone") {
  if (!is_root()) return;
  const auto result = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); });
  check_works_in_full(result);
  CHECK_THAT(result.out, Contains(",user,"));
  const auto other = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); },
                                       "id -u; echo x > /tmp/x && echo wrote", {"--user", "12345"});
  CHECK(other.out == "12345\nwrote\n");
}

TEST_CASE("the words of -v say how much privilege the shard is made with") {
  const auto said = [](const std::function<void()>& prepare) {
    return in_shard_prepared(prepare, "exit 0", {"-v"}).err;
  };
  CHECK_THAT(said({}), Contains(is_root() ? "no user namespace" : "a user namespace for everything"));
  if (!is_root()) return;
  CHECK_THAT(said([] { drop_capability(CAP_NET_ADMIN); }), Contains("a user namespace for the network"));
  CHECK_THAT(said([] { drop_capability(CAP_SYS_ADMIN); }), Contains("a user namespace for everything"));
}

TEST_CASE("root without CAP_SYS_ADMIN gets a user namespace for everything") {
  if (!is_root()) return;
  check_works_in_full(in_shard_prepared([] { drop_capability(CAP_SYS_ADMIN); }));
  check_works_in_full(in_shard_prepared([] { drop_capabilities_except({CAP_SETFCAP}); }));
  check_works_in_full(in_shard_prepared([] { drop_capabilities_except({CAP_NET_ADMIN, CAP_SETFCAP}); }));
}

TEST_CASE("root that may not even map itself has a shard or an explanation") {
  if (!is_root()) return;
  const auto result = in_shard_prepared([] { drop_capabilities_except({}); });
  CAPTURE(result.err);
  if (result.status == 0) return check_works(result);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("CAP_SETFCAP"));
}

TEST_CASE("a namespace limit of 0 is named with the command that lifts it") {
  for (const char* kind : {"net", "pid", "mnt", "ipc"}) {
    const auto result = result_in_user_namespace(0, [&] {
      set_limit_of(kind, "0");
      return in_shard_prepared({}, "echo ran");
    });
    CAPTURE(kind, result.err);
    CHECK(explains_itself(result));
    CHECK_THAT(result.err,
               Contains(fmt::format("user.max_{}_namespaces=0", kind)) && Contains("sudo sysctl -w"));
  }
}

TEST_CASE("without user namespaces an ordinary user is told so, and root goes on") {
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("user", "0");
    return in_shard_prepared({});
  });
  CAPTURE(result.err);
  if (is_root()) return check_works(result);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("user.max_user_namespaces=0"));
}

TEST_CASE("an exhausted namespace limit is retried, then named") {
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("net", "1");
    // One after the other there is room: the slot of a dead shard frees itself in a while.
    for (int launch = 0; launch < 5; ++launch) {
      const auto one = in_shard_prepared({}, "exit 7");
      if (one.status != 7) return one;
    }
    const RegistryView state;
    Process first(in_shard("echo up; read line"), state.options());
    if (first.read_line() != "up") return Result{};
    return in_shard_prepared({}, "echo ran");
  });
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("limit") && Contains("user.max_"));
}

TEST_CASE("an exhausted limit is retried on the way of CAP_SYS_ADMIN alone, too") {
  if (!is_root()) return;
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("net", "1");
    for (int launch = 0; launch < 5; ++launch) {
      const auto one = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); }, "exit 7");
      if (one.status != 7) return one;
    }
    return Result{7, 0, "", ""};
  });
  CAPTURE(result.err);
  CHECK(result.status == 7);
}

TEST_CASE("a filter that forbids namespaces is explained, one that only lacks clone3 does no harm") {
  const auto forbidden = in_shard_prepared([] { filter_namespaces(true); }, "echo ran");
  CAPTURE(forbidden.err);
  CHECK(explains_itself(forbidden));
  CHECK_THAT(forbidden.err, Contains("seccomp=unconfined"));
  check_works_in_full(in_shard_prepared([] { filter_namespaces(false); }));
}

TEST_CASE("too few descriptors, at any count, give a shard or an explanation") {
  if (kSanitized) SKIP_TEST("the sanitizers need descriptors of their own");
  bool worked = false;
  for (rlim_t count = 3; count < 32; ++count) {
    const auto result = in_shard_prepared(
        [count] {
          const rlimit limit = {count, count};
          ::setrlimit(RLIMIT_NOFILE, &limit);
        },
        "echo ran");
    if (result.status == 127) continue;  // the program's own loader has too few
    CAPTURE(count, result.status, result.out, result.err);
    worked = result.status == 0 && result.out == "ran\n" && result.err.empty();
    CHECK((worked || explains_itself(result) ||
           (result.status == 0 && result.err.find("registry") != std::string::npos)));
  }
  CHECK(worked);
}

TEST_CASE("more than 32 shards deep the kernel's limit is explained") {
  const RegistryView state;
  Words words = {"--", "echo", "ran"};
  for (int depth = 1; depth < 34; ++depth) words.insert(words.begin(), {"--", nslaunch_binary()});
  const auto result = run(nslaunch(words), state.options());
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("too deep"));
}

}  // namespace nslaunch::test
