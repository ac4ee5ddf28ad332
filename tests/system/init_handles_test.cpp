#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// nslaunch below a process of its group, whose pidfd it so has, with a descriptor of the caller's that is
/// kept open for the command.
Words below_an_ancestor(const Words& words) {
  Words all = {"bash", "-c", "\"$@\"; exit $?", "-"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace

TEST_CASE("no descriptor of init's leads a command out of its shard") {
  for (const Words& options : {Words{}, Words{"run", "--shards", "2"}}) {
    Words words = options;
    words.insert(words.end(), {"--", probe_binary(), "break-out"});
    const RegistryView state;
    const auto ended = run(below_an_ancestor(nslaunch(words)), state.options());
    CAPTURE(ended.out, ended.err);
    CHECK(ended.status == 0);
    CHECK_THAT(ended.out, Contains("taken") || Contains("none"));
    CHECK_THAT(ended.out, !Contains("out by"));
    if (::geteuid() == 0) CHECK_THAT(ended.out, Contains("taken"));
  }
}

TEST_CASE("where close_range is missing or refused init keeps nothing of the caller's either") {
  const auto script = "until ! ls -l /proc/1/fd | grep -q /etc/passwd; do :; done; echo closed";
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  for (const std::string error : {"ENOSYS", "EPERM"}) {
    const RegistryView state;
    auto options = state.options();
    options.prepare = [] { ::dup2(::open("/etc/passwd", O_RDONLY | O_CLOEXEC), 77); };
    const auto ended =
        run(tampered("close_range:error=" + error, in_shard(script, {"--timeout", "20s"})), options);
    CAPTURE(error, ended.err);
    CHECK(ended.status == 0);
    CHECK(ended.out == "closed\n");
  }
}

}  // namespace nslaunch::test
