#include "shard/diagnose/causes.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::Cause;
using shard::Evidence;
using shard::Layer;
using shard::Message;
using shard::Place;
using shard::Plan;
using shard::PrivilegeMode;
using shard::Step;

Cause cause(Step step, int error, const Evidence& machine,
            PrivilegeMode privilege_mode = PrivilegeMode::kRootless) {
  Plan plan;
  plan.privilege_mode = privilege_mode;
  return shard::cause_of(plan, {.kind = shard::Kind::kFailed, .step = step, .code = error, .payload = {}},
                         machine);
}

Evidence without(std::initializer_list<int> capabilities, Evidence machine = {}) {
  for (const int capability : capabilities) machine.capabilities &= ~(std::uint64_t{1} << capability);
  return machine;
}

std::string first_paste(const Cause& cause) {
  return cause.remedies.empty() ? "" : cause.remedies.front().paste;
}

}  // namespace

TEST_CASE("AppArmor's restriction is the cause wherever a user namespace turns out to have no rights") {
  const Evidence ubuntu{.restricts_user_namespaces = true};
  for (const Step step : {Step::kMapIds, Step::kNamespaces, Step::kPropagation, Step::kLoopback}) {
    const auto found = cause(step, EPERM, ubuntu);
    CHECK(found.layer == Layer::kAppArmor);
    CHECK_THAT(found.sentence, Contains("kernel.apparmor_restrict_unprivileged_userns=1"));
    CHECK_THAT(first_paste(found), Contains("nslaunch doctor --apparmor-profile | sudo tee"));
    CHECK_THAT(found.remedies.at(1).paste, Contains("sudo sysctl -w"));
    CHECK_THAT(found.remedies.at(2).paste, Contains("sudo nslaunch"));
  }
  CHECK(cause(Step::kClone, EACCES, ubuntu).layer == Layer::kAppArmor);
  CHECK(cause(Step::kNamespaces, EPERM, ubuntu, PrivilegeMode::kPrivileged).layer != Layer::kAppArmor);
}

TEST_CASE("without a /proc a refusal is nobody's in particular, and it says why") {
  const auto found = cause(Step::kClone, EPERM, {.has_proc = false});
  CHECK_THAT(found.sentence, Contains("no /proc"));
  CHECK(first_paste(found) == "mount -t proc proc /proc");
}

TEST_CASE("a netlink error in a network of our own is a refusal, too") {
  const Message refusal{
      .kind = shard::Kind::kFailed, .step = Step::kAnswer, .domain = shard::Domain::kNetlink, .payload = {}};
  CHECK(shard::cause_of({}, refusal, {.restricts_user_namespaces = true}).layer == Layer::kAppArmor);
}

TEST_CASE("a confining profile is the cause of what AppArmor answers, and is named") {
  const Evidence docker{.place = Place::kDocker, .seccomp = true, .apparmor_profile = "docker-default"};
  const auto found = cause(Step::kPropagation, EACCES, docker);
  CHECK(found.layer == Layer::kAppArmor);
  CHECK_THAT(found.sentence, Contains("docker-default"));
  CHECK_THAT(first_paste(found), Contains("apparmor=unconfined"));
  CHECK(cause(Step::kClone, EPERM, docker).layer == Layer::kSeccomp);
}

TEST_CASE("seccomp is the cause only where there is a filter") {
  CHECK(cause(Step::kClone, EPERM, {.seccomp = true}).layer == Layer::kSeccomp);
  CHECK(cause(Step::kClone, EPERM, {}).layer == Layer::kUnknown);
  CHECK(cause(Step::kClone, EACCES, {}).layer == Layer::kSecurityModule);
  CHECK(shard::cause_of_death(SIGSYS, {}).layer == Layer::kSeccomp);
  CHECK(shard::cause_of_death(SIGKILL, {.seccomp = true}).layer == Layer::kUnknown);
}

TEST_CASE("what is certain to refuse a user namespace is named before a filter that may") {
  CHECK(cause(Step::kClone, EPERM, {.seccomp = true, .in_chroot = true}).layer == Layer::kChroot);
  CHECK(cause(Step::kClone, EPERM, {.seccomp = true, .ids_are_mapped = false}).layer == Layer::kIds);
  const auto debian = without({CAP_SYS_ADMIN}, {.seccomp = true, .forbids_user_namespaces = true});
  const auto found = cause(Step::kClone, EPERM, debian);
  CHECK(found.layer == Layer::kSysctl);
  CHECK_THAT(found.sentence, Contains("kernel.unprivileged_userns_clone=0"));
  CHECK(first_paste(found) == "sudo sysctl -w kernel.unprivileged_userns_clone=1");
}

TEST_CASE("an old kernel, or one that lacks something, is named with its version") {
  const Evidence old{.kernel = "4.18.0-553", .kernel_major = 4, .kernel_minor = 18};
  const auto found = cause(Step::kClone, ENOSYS, old);
  CHECK(found.layer == Layer::kKernel);
  CHECK_THAT(found.sentence, Contains("4.18.0-553") && Contains("5.3"));
  CHECK(cause(Step::kClone, ENOSYS, {.seccomp = true}).layer == Layer::kSeccomp);
  const auto lacks = cause(Step::kNamespaces, EINVAL, {.unknown_namespaces = {"ipc"}, .kernel = "6.1"});
  CHECK(lacks.layer == Layer::kKernel);
  CHECK_THAT(lacks.sentence, Contains("ipc") && Contains("6.1"));
  CHECK(cause(Step::kPidBase, ENOENT, {}).layer == Layer::kKernel);
}

TEST_CASE("root that may not map itself needs CAP_SETFCAP, and an ordinary user does not") {
  const auto bare = without({CAP_SETFCAP}, {.is_root = true});
  CHECK(cause(Step::kMapIds, EPERM, bare).layer == Layer::kCapabilities);
  CHECK_THAT(cause(Step::kMapIds, EPERM, bare).sentence, Contains("CAP_SETFCAP"));
  CHECK(cause(Step::kMapIds, EPERM, without({CAP_SETFCAP})).layer == Layer::kUnknown);
}

TEST_CASE(
    "a capture lacks CAP_NET_RAW before a filter is to blame, but for where init has every capability") {
  const auto bare = without({CAP_NET_RAW}, {.seccomp = true});
  CHECK(cause(Step::kCapture, EPERM, bare, PrivilegeMode::kPrivileged).layer == Layer::kCapabilities);
  CHECK_THAT(first_paste(cause(Step::kCapture, EPERM, bare, PrivilegeMode::kPrivileged)),
             Contains("NET_RAW"));
  CHECK(cause(Step::kCapture, EPERM, bare, PrivilegeMode::kRootless).layer == Layer::kSeccomp);
  CHECK(cause(Step::kCapture, EPERM, {.seccomp = true}, PrivilegeMode::kPrivileged).layer == Layer::kSeccomp);
}

TEST_CASE("a fresh /proc is refused for what is mounted over the outer one, which is named") {
  const auto found =
      cause(Step::kProc, EPERM, {.covered_in_proc = {"/proc/kcore", "/proc/keys", "/proc/acpi"}});
  CHECK(found.layer == Layer::kMaskedProc);
  CHECK_THAT(found.sentence, Contains("/proc/kcore, /proc/keys and 1 more"));
  CHECK(cause(Step::kProc, EPERM, {.proc_sys_is_read_only = true}).layer == Layer::kReadOnlyProc);
  for (const Step step : {Step::kPidBase, Step::kLowPorts, Step::kSysctls})
    CHECK(cause(step, EROFS, {}).layer == Layer::kReadOnlyProc);
}

TEST_CASE("a limit on processes is that of the control group where its is reached") {
  const auto found = cause(Step::kFork, EAGAIN, {.process_limit = "100"});
  CHECK(found.layer == Layer::kLimit);
  CHECK_THAT(found.sentence, Contains("ulimit -u is 100"));
  const Evidence pod{.place = Place::kKubernetes, .reached_pids_max = "/sys/fs/cgroup/pids.max"};
  CHECK_THAT(cause(Step::kClone, EAGAIN, pod).sentence, Contains("/sys/fs/cgroup/pids.max"));
  CHECK_THAT(first_paste(cause(Step::kClone, EAGAIN, pod)), Contains("podPidsLimit"));
}

TEST_CASE("a file's permissions are no module's fault") {
  for (const Step step : {Step::kKeep, Step::kPrivate, Step::kReach, Step::kRecord})
    CHECK(cause(step, EACCES, {.seccomp = true, .apparmor_profile = "x"}).sentence.empty());
}

TEST_CASE("for each place a filter is taken away in that place's own words, and all rights come last") {
  struct Case {
    Place place;
    std::string first;
    std::string last;
  };
  const Case cases[] = {
      {Place::kDocker, "docker run --security-opt seccomp=unconfined ...", "docker run --privileged ..."},
      {Place::kPodman, "podman run --security-opt seccomp=unconfined ...", "podman run --privileged ..."},
      {Place::kKubernetes, "securityContext: {seccompProfile: {type: Unconfined}}",
       "securityContext: {privileged: true}"},
      {Place::kGitHubContainer, "options: --security-opt seccomp=unconfined", "options: --privileged"},
      {Place::kGitLabContainer, "security_opt = [\"seccomp:unconfined\"]", "privileged = true"},
      {Place::kOtherContainer, "lxc config set NAME security.nesting=true",
       "lxc config set NAME security.privileged=true"},
  };
  for (const auto& [place, first, last] : cases) {
    const auto found = cause(Step::kClone, EPERM, {.place = place, .is_root = true, .seccomp = true});
    CAPTURE(shard::key_of(place));
    CHECK(found.remedies.front().paste == first);
    CHECK(found.remedies.back().paste == last);
  }
}

TEST_CASE("capabilities are offered to a container's root who lacks them, and who alone would have them") {
  const auto offers = [](const Evidence& machine) {
    const auto found = cause(Step::kClone, EPERM, machine);
    return std::any_of(found.remedies.begin(), found.remedies.end(), [](const shard::Remedy& remedy) {
      return remedy.paste.find("--cap-add SYS_ADMIN") != std::string::npos;
    });
  };
  const Evidence root{.place = Place::kDocker, .is_root = true, .seccomp = true};
  CHECK(offers(without({CAP_SYS_ADMIN, CAP_NET_ADMIN}, root)));
  CHECK_FALSE(offers(root));
  CHECK_FALSE(offers(without({CAP_SYS_ADMIN}, {.place = Place::kDocker, .seccomp = true})));
}

TEST_CASE(
    "a machine's setting is changed by a step before on GitHub, and outside where it is a container's") {
  const auto what = [](Place place) {
    return cause(Step::kClone, EPERM,
                 without({CAP_SYS_ADMIN}, {.place = place, .forbids_user_namespaces = true}))
        .remedies.front();
  };
  CHECK(what(Place::kGitHub).paste == "- run: sudo sysctl -w kernel.unprivileged_userns_clone=1");
  CHECK_THAT(what(Place::kDocker).what, Contains("host"));
  CHECK(what(Place::kMachine).what == "allow them");
}

TEST_CASE("an error's advice is the doctor's line and the least drastic remedy") {
  const auto found = cause(Step::kClone, EPERM, {.place = Place::kDocker, .seccomp = true});
  CHECK(shard::as_advice(found) ==
        found.line() +
            "\nwithout its seccomp filter: docker run --security-opt seccomp=unconfined ...; other ways: "
            "nslaunch doctor");
  CHECK(shard::as_advice({}).empty());
}

}  // namespace nslaunch::test
