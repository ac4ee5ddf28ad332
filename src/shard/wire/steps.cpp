#include "shard/wire/steps.hpp"

#include <cstddef>

namespace nslaunch::shard {
namespace {

constexpr StepRow kSteps[] = {
    {Step::kClone, "clone", "creating the first namespaces", nullptr, false},
    {Step::kMapIds, "map-ids", "mapping user and group ids into the user namespace", nullptr, false},
    {Step::kRecord, "record", "recording the shard", nullptr, false},
    {Step::kCgroup, "cgroup", "moving the shard into its control group", nullptr, false},
    {Step::kSettings, "settings", "reading the host's network settings", nullptr, false},
    {Step::kGo, "go", "letting the shard's init go", nullptr, false},
    {Step::kTie, "tie", "tying the shard's life to the launcher's", nullptr, false},
    {Step::kNamespaces, "namespaces", "creating the namespaces for network, mounts and IPC", nullptr, false},
    {Step::kPropagation, "propagation", "making the shard's mounts private", nullptr, false},
    {Step::kProc, "proc", "mounting a fresh /proc", "proc", true},
    {Step::kPidBase, "pid-base", "choosing where the shard's pids start", "pidbase", true},
    {Step::kOverlay, "overlay", "mounting a copy-on-write view for --overlay", "overlay", false},
    {Step::kTmp, "tmp", "mounting a private /tmp", "tmp", false},
    {Step::kKeep, "keep", "keeping a path of the host's /tmp visible", nullptr, false},
    {Step::kSharedMemory, "shm", "mounting a private /dev/shm", nullptr, false},
    {Step::kQueues, "mqueue", "mounting a private /dev/mqueue", nullptr, false},
    {Step::kPrivate, "private", "mounting an empty directory for --private", nullptr, false},
    {Step::kHostname, "hostname", "setting the shard's host name", "uts", false},
    {Step::kUserNamespace, "user-namespace", "creating the user namespace for the network", nullptr, false},
    {Step::kLoopback, "loopback", "setting the shard's lo up", nullptr, false},
    {Step::kLowPorts, "low-ports", "opening ports below 1024 to every user", "ports", true},
    {Step::kSysctls, "sysctls", "copying the host's network settings", "sysctl", true},
    {Step::kAnswer, "answer", "waiting for 127.0.0.1 to answer", nullptr, false},
    {Step::kReach, "reach", "listening in the shard for --reach", nullptr, false},
    {Step::kCapture, "capture", "starting the packet capture for --pcap", nullptr, false},
    {Step::kFork, "fork", "starting a process for the command", nullptr, false},
    {Step::kPlace, "place", "giving the command its streams and its terminal", nullptr, false},
    {Step::kUser, "user", "taking on the user's ids", nullptr, false},
    {Step::kWorkdir, "workdir", "changing to the working directory", nullptr, false},
    {Step::kExec, "exec", "starting the command", nullptr, false},
};

consteval bool rows_stand_at_their_numbers() {
  for (std::size_t at = 0; at < std::size(kSteps); ++at) {
    if (static_cast<std::size_t>(kSteps[at].step) != at) return false;
  }
  return true;
}
static_assert(rows_stand_at_their_numbers());

}  // namespace

std::span<const StepRow> steps() noexcept {
  return kSteps;
}

const StepRow& row(Step step) noexcept {
  return kSteps[static_cast<std::size_t>(step)];
}

}  // namespace nslaunch::shard
