#include "support/prepared_shard.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/identity.hpp"
#include "support/privilege_modes.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {

using Catch::Matchers::Contains;

bool is_root() {
  return ::geteuid() == 0;
}

const std::string& what_it_is() {
  static const std::string script =
      "echo ,$NSLAUNCH_ISOLATION,; id -u; " + probe_binary() + " connect 127.0.0.1 127.9.9.9";
  return script;
}

Result in_shard_prepared(const std::function<void()>& prepare, const std::string& script, Words words) {
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = prepare;
  return run(in_shard(script, std::move(words)), options);
}

void check_works(const Result& result) {
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::Matchers::StartsWith(",net,pid,mnt,ipc,") &&
                             Contains("\n" + std::to_string(::geteuid()) + "\nanswered\n"));
}

void check_works_in_full(const Result& result) {
  check_works(result);
  CHECK(result.err.empty());
  for (const char* token : {"proc", "tmp", "ports", "sysctl", "pidbase"})
    CHECK_THAT(result.out, Contains("," + std::string(token) + ","));
}

}  // namespace nslaunch::test
