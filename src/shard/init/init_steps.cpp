#include "shard/init/init_steps.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ns/idmap.hpp"
#include "ns/mount.hpp"
#include "ns/namespace_slot.hpp"
#include "ns/net/net.hpp"
#include "ns/net/netlink_error.hpp"
#include "ns/sysctl.hpp"
#include "shard/init/mount_steps.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/wire/fault.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::shard {
namespace {

/// As in init.cpp: if a message can't be sent, our exit status carries the error.
void send_or_exit(const Building& building, const Message& message) {
  if (!send(building.channel, message)) ::_exit(errno);
}

/// Not in the launcher's clone: this takes longer than everything else that the launcher does, which may have
/// other shards to make.
void make_namespaces(Building& building) {
  sys::check(ns::when_a_slot_is_free([&] { return ::unshare(building.plan.unshare_flags); }), "unsharing");
}

void mount_shared_memory(Building&) {
  struct stat status = {};
  if (::stat("/dev/shm", &status) == 0 && S_ISDIR(status.st_mode)) ns::mount_tmpfs("/dev/shm", 01777, 0);
}

void set_hostname(Building& building) {
  const auto& name = building.plan.spec.hostname;
  sys::check(::sethostname(name.data(), name.size()), "setting the host name");
}

void enter_user_namespace(Building& building) {
  ns::unshare_user(CLONE_NEWNET, building.plan.id_map);
}

bool disables_ipv6(const ns::Sysctl& sysctl) {
  return sysctl.value != "0" && sysctl.path == "ipv6/conf/lo/disable_ipv6";
}

/// Waits for "go" only here, so that the launcher records the shard and reads the host's settings while the
/// mounts are made.
void apply_settings(Building& building) {
  std::vector<sys::Fd> descriptors;
  const auto go = receive(building.channel, true, &descriptors);
  if (!go) ::_exit(errno);
  if (go->kind != Kind::kGo) ::_exit(EPROTO);
  // Init itself listens: clients accept no other process (K46).
  if (!descriptors.empty() && ::listen(descriptors.front().get(), SOMAXCONN) == 0)
    building.control = std::move(descriptors.front());
  const auto sysctls = unpack_sysctls(go->payload);
  building.expects_ipv6 = std::none_of(sysctls.begin(), sysctls.end(), disables_ipv6);
  for (const auto& refusal : ns::apply_sysctls(sysctls)) {
    send_or_exit(building, {.kind = Kind::kNote, .payload = "the kernel refuses " + refusal});
  }
}

/// The launcher holds the listeners and accepts: init serves the command alone and keeps none of them.
void listen_for_reach(Building& building) {
  for (const auto& service : building.plan.spec.reach) {
    const auto listener = sys::listen_tcp(service.shard_address, service.shard_port);
    const int number = sys::check(listener.get(), "listening");
    const bool sent = send(building.channel, {.kind = Kind::kListener, .payload = {}}, {&number, 1});
    sys::check(sent ? 0 : -1, "handing a listener to the launcher");
    ++building.detail;
  }
}

struct InitStep {
  Step step;
  bool (*wanted)(const Plan&);
  void (*run)(Building&);
};

bool always(const Plan&) {
  return true;
}

// The order is by design: mounts while init still has the privilege for them, then the user namespace that
// CAP_SYS_ADMIN alone needs for the network, then the network.
constexpr InitStep kInitSteps[] = {
    {Step::kNamespaces, always, make_namespaces},
    {Step::kPropagation, always, [](Building&) { ns::stop_mount_propagation(); }},
    {Step::kProc, always,
     [](Building& building) { ns::mount_proc(other_user(building.plan.spec) != nullptr); }},
    {Step::kPidBase, always, [](Building&) { ns::choose_pid_base(); }},
    {Step::kOverlay, [](const Plan& plan) { return !plan.spec.overlays.empty(); }, mount_overlays},
    {Step::kTmp, [](const Plan& plan) { return plan.spec.tmp != TmpMode::kHost; }, mount_tmp},
    {Step::kKeep, [](const Plan& plan) { return !plan.kept.empty(); }, keep_paths},
    {Step::kSharedMemory, always, mount_shared_memory},
    {Step::kQueues, always, [](Building&) { ns::mount_mqueue(); }},
    {Step::kPrivate, [](const Plan& plan) { return !plan.private_paths.empty(); }, mount_private_paths},
    {Step::kHostname, [](const Plan& plan) { return !plan.spec.hostname.empty(); }, set_hostname},
    {Step::kUserNamespace, [](const Plan& plan) { return plan.privilege_mode == PrivilegeMode::kSplit; },
     enter_user_namespace},
    {Step::kLoopback, always, [](Building&) { ns::bring_loopback_up(); }},
    {Step::kLowPorts, always, [](Building&) { ns::open_low_ports(); }},
    {Step::kSysctls, always, apply_settings},
    {Step::kAnswer, always, [](Building& building) { ns::wait_for_loopback(building.expects_ipv6); }},
    {Step::kReach, [](const Plan& plan) { return !plan.spec.reach.empty(); }, listen_for_reach},
    // After what we have sent ourselves, before what the command sends.
    {Step::kCapture, [](const Plan& plan) { return plan.capture_file >= 0; },
     [](Building& building) {
       building.capture.emplace(building.plan.capture_file, building.plan.spec.capture.limit);
     }},
};

Message report(Kind kind, Step step, const std::error_code& code, int detail) {
  const auto domain = code.category() == ns::netlink_category() ? Domain::kNetlink : Domain::kErrno;
  return {
      .kind = kind, .step = step, .domain = domain, .code = code.value(), .detail = detail, .payload = {}};
}

void add_token(std::string& isolation, Step step) {
  if (row(step).token != nullptr) isolation.append(",").append(row(step).token);
}

/// False: it has failed and is required.
bool carry_out(const InitStep& init_step, Building& building) {
  const auto& about = row(init_step.step);
  const auto started = sys::Clock::now();
  building.detail = 0;
  try {
    fault_point(init_step.step);
    init_step.run(building);
  } catch (const Error& error) {
    const bool missing = about.may_be_missing && !building.plan.spec.require_proc;
    const Kind kind = missing ? Kind::kMissing : Kind::kFailed;
    send_or_exit(building, report(kind, init_step.step, error.code(), building.detail));
    return missing;
  }
  add_token(building.isolation, init_step.step);
  if (building.plan.tracing) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - started);
    send_or_exit(
        building,
        {.kind = Kind::kDone, .step = init_step.step, .code = static_cast<int>(took.count()), .payload = {}});
  }
  return true;
}

}  // namespace

std::string expected_isolation(const Plan& plan) {
  auto isolation = namespace_tokens(plan);
  for (const Step step : init_steps_of(plan)) add_token(isolation, step);
  return isolation;
}

std::vector<Step> init_steps_of(const Plan& plan) {
  std::vector<Step> steps;
  for (const auto& init_step : kInitSteps) {
    if (init_step.wanted(plan)) steps.push_back(init_step.step);
  }
  return steps;
}

bool build_shard(Building& building) {
  for (const auto& init_step : kInitSteps) {
    if (init_step.wanted(building.plan) && !carry_out(init_step, building)) return false;
  }
  return true;
}

}  // namespace nslaunch::shard
