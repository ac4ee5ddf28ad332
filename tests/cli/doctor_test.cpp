#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/checkout.hpp"
#include "support/examined.hpp"
#include "support/identity.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

std::string last_line(const std::string& text) {
  const auto end = text.rfind('\n');
  return text.substr(text.rfind('\n', end - 1) + 1);
}

}  // namespace

TEST_CASE("doctor finds full isolation where there is, as root and as an ordinary user") {
  const auto found = examined();
  CAPTURE(found.result.out);
  CHECK(found.result.status == 0);
  CHECK(found.result.err.empty());
  CHECK(found.verdict() == "full");
  CHECK(found.document.at("version") == 1);
  CHECK(found.document.at("exit_status") == 0);
  CHECK(found.document.at("missing").empty());
  CHECK(found.failure().is_null());
  for (const auto& step : found.document.at("steps")) CHECK(step.at("state") == "ok");
  const auto in_a_run = in_shard_prepared({}, "echo $NSLAUNCH_ISOLATION").out;
  CHECK(found.document.at("isolation").get<std::string>() + "\n" == in_a_run);
}

TEST_CASE("doctor's page has a line for each step, and ends with the verdict") {
  const RegistryView state;
  const auto page = state.ask({"doctor"});
  CAPTURE(page.out);
  CHECK(page.status == 0);
  CHECK_THAT(page.out, StartsWith("nslaunch ") && Contains("\n  ok    mounting a fresh /proc\n") &&
                           Contains("\n  ok    waiting for 127.0.0.1 to answer\n"));
  CHECK_THAT(last_line(page.out), StartsWith("full isolation: net,pid,mnt,ipc"));
  CHECK_THAT(page.out, !Contains("\x1b"));
  CHECK_THAT(state.ask({"doctor", "--color=always"}).out, Contains("\x1b[32mok"));
}

TEST_CASE("doctor's page shows what failed with its cause, what mends it, and what was not tried any more") {
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = [] { filter_namespaces(true); };
  const auto page = run(nslaunch({"doctor"}), options);
  CAPTURE(page.out);
  CHECK(page.status == 125);
  CHECK_THAT(page.out,
             Contains("\n  FAIL  creating the first namespaces: Operation not permitted - seccomp: ") &&
                 Contains("\n  skip  mounting a private /tmp: after the failure\n"));
  CHECK_THAT(last_line(page.out), StartsWith("no isolation"));
}

TEST_CASE("doctor leaves nothing: no record, no process, no mount") {
  const RegistryView state;
  const TempDir directory;
  fs::copy(nslaunch_binary(), directory / "nslaunch");
  const auto mounts = sys::read_file("/proc/self/mountinfo", 16 << 20);
  const auto ended = run({directory / "nslaunch", "doctor"}, state.options());
  CHECK(ended.status == 0);
  CHECK(state.files().empty());
  CHECK(all_gone(directory / "nslaunch"));
  CHECK(sys::read_file("/proc/self/mountinfo", 16 << 20) == mounts);
  fs::remove(directory / "nslaunch");
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("doctor names the registry's directory, or says why there is none") {
  const RegistryView state;
  const auto directory_said = [&](const std::string& path) {
    auto options = state.options();
    options.environment = {"NSLAUNCH_STATE_DIR=" + path};
    return Examined(run(nslaunch({"doctor", "--json"}), options)).extra("registry");
  };
  CHECK(directory_said(state.path()).at("works") == true);
  CHECK(directory_said(state.path()).at("said") == state.path());
  CHECK(directory_said(state.path() + "/new").at("works") == true);
  CHECK_FALSE(fs::exists(state.path() + "/new"));
  const auto refused = directory_said("/dev/null/x");
  CHECK(refused.at("works") == false);
  CHECK_THAT(refused.value("said", ""), Contains("/dev/null/x can't be used"));
}

TEST_CASE("doctor tries what a run may ask for besides, and its verdict does not depend on that") {
  const Checkout checkout;
  auto options = checkout.options();
  options.directory = checkout.path;
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = [] { filter_packet_sockets(); };
  const Examined found(run(nslaunch({"doctor", "--json"}), options));
  CAPTURE(found.result.out);
  CHECK(found.result.status == 0);
  const auto capture = found.extra("capture");
  CHECK(capture.at("works") == false);
  CHECK_THAT(capture.value("said", ""), Contains("Operation not permitted - seccomp: "));
  CHECK(found.extra("stacks").at("works") == is_root());
  CHECK(examined().extra("capture").at("works") == true);
  CHECK(checkout.is_untouched());
}

TEST_CASE("doctor and a run agree on whether a shard can have limits") {
  const RegistryView state;
  const auto limited = run(in_shard("true", {"--pids", "100", "--memory", "200M"}), state.options());
  CAPTURE(limited.err);
  CHECK(examined().extra("limits").at("works") == (limited.status == 0));
}

TEST_CASE("doctor --apparmor-profile prints one for the path of this very program") {
  const RegistryView state;
  const auto printed = state.ask({"doctor", "--apparmor-profile"});
  CHECK(printed.status == 0);
  CHECK_THAT(printed.out, Contains("profile nslaunch \"" + fs::canonical(nslaunch_binary()).string() + "\""));
  CHECK(state.ask({"doctor", "--apparmor-profile", "--json"}).status == 125);
  CHECK(state.ask({"doctor", "npm"}).status == 125);
}

}  // namespace nslaunch::test
