#include "run/doctor/doctor.hpp"

#include <linux/capability.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nslaunch/error.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "inspect/snapshot/threads.hpp"
#include "ns/delegation.hpp"
#include "registry/place/directories.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::run {
namespace {

using shard::Step;
using shard::StepResult;

/// Reports an error as one line, with its advice as the remedy.
void refuse(Extra& extra, const Error& error) {
  extra.said = error.doing();
  if (error.code()) extra.said += ": " + error.code().message();
  if (!error.advice().empty()) extra.remedies.push_back({error.advice(), ""});
}

/// Runs in a child: the directory may be on a file system that does not respond.
void try_registry(Extra& extra, std::chrono::milliseconds patience) {
  constexpr std::size_t kMost = 8192;
  constexpr char kProblem = '!';
  const auto look = [](int out) {
    std::string problem;
    const auto path = registry::directory_to_publish_in(problem);
    sys::write_all(out, path.empty() ? kProblem + problem : path);
  };
  const auto answer = sys::output_of_child(look, patience, kMost);
  extra.works = answer.complete && !answer.text.starts_with(kProblem);
  extra.said = !answer.complete ? "it does not answer" : sys::escape(answer.text.substr(extra.works ? 0 : 1));
}

/// The working directory, as with --overlay .; the root itself can't be covered.
std::string directory_to_cover() {
  std::error_code gone;
  const auto directory = std::filesystem::current_path(gone);
  return gone || directory == "/" ? "/usr" : directory.string();
}

/// Launches a shard with `plan`; only the result of `step` matters.
void try_step(Extra& extra, const shard::Plan& plan, Step step, std::chrono::milliseconds patience) {
  const auto probe = shard::probe_launch(plan, patience);
  const auto* result = probe.find(step);
  extra.works = result != nullptr && result->state == StepResult::State::kOk;
  if (extra.works || result == nullptr) return;
  extra.said = result->error.empty() ? "its launch failed" : result->error;
  if (const auto line = result->cause.line(); !line.empty()) extra.said += " - " + line;
  extra.remedies = result->cause.remedies;
}

void try_overlay(Extra& extra, std::chrono::milliseconds patience) {
  ShardSpec spec;
  spec.overlays = {{.path = directory_to_cover(), .keep = {}}};
  try_step(extra, shard::plan_to_probe(spec), Step::kOverlay, patience);
}

void try_capture(Extra& extra, std::chrono::milliseconds patience) {
  const sys::Fd file(sys::check(::memfd_create("nslaunch-doctor", MFD_CLOEXEC), "making a file for packets"));
  auto plan = shard::plan_to_probe();
  plan.capture_file = file.get();
  try_step(extra, plan, Step::kCapture, patience);
}

void try_limits(Extra& extra) {
  ns::check_delegation({.memory = 1, .pids = 1});
  extra.works = true;
}

void try_kernel_stacks(Extra& extra) {
  extra.works = !inspect::kernel_stack(::getpid(), 1).empty();
  if (!extra.works) extra.said = "the kernel shows them to root only; all else in a hang report is there";
}

/// Records an Error as the result.
void attempt(Extra& extra, const std::function<void(Extra&)>& body) {
  try {
    body(extra);
  } catch (const Error& error) {
    refuse(extra, error);
  }
}

using shard::PrivilegeMode;

/// Far more than any step takes on a busy machine.
constexpr std::chrono::milliseconds kPatience{5000};

std::string lacks(const shard::Evidence& machine, std::initializer_list<std::pair<int, const char*>> wanted) {
  std::string missing;
  for (const auto& [capability, name] : wanted) {
    if (!machine.has(capability))
      missing += (missing.empty() ? "there is no " : " and no ") + std::string(name);
  }
  return missing;
}

/// From most to least privilege. The modes below the one that a run uses here offer nothing that it does not.
std::vector<WayToShard> ways_here(const shard::Evidence& machine, PrivilegeMode taken) {
  std::vector<WayToShard> ways = {
      {PrivilegeMode::kPrivileged,
       lacks(machine, {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}})},
      {PrivilegeMode::kSplit, lacks(machine, {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}})},
      {PrivilegeMode::kRootless, {}}};
  for (auto& way : ways) {
    if (way.privilege_mode > taken) way.skipped = "not needed";
  }
  return ways;
}

}  // namespace

using shard::StepResult;

Verdict Diagnosis::verdict() const noexcept {
  if (shard.is_whole()) return Verdict::kFull;
  return shard.works ? Verdict::kReduced : Verdict::kNone;
}

std::vector<std::string> Diagnosis::missing() const {
  std::vector<std::string> tokens;
  for (const auto& result : shard.steps) {
    const auto* token = shard::row(result.step).token;
    if (result.state != StepResult::State::kOk && token != nullptr) tokens.emplace_back(token);
  }
  return tokens;
}

std::vector<Extra> try_extras(bool shards_work, std::chrono::milliseconds patience) {
  const auto in_a_shard = [&](const std::function<void(Extra&, std::chrono::milliseconds)>& body) {
    return [shards_work, patience, body](Extra& extra) {
      if (shards_work) return body(extra, patience);
      extra.said = "after the failure";
    };
  };
  struct Row {
    const char* key;
    const char* what;
    std::function<void(Extra&)> body;
  };
  const Row rows[] = {
      {"registry", "a directory for records, for list, exec and kill",
       [&](Extra& extra) { try_registry(extra, patience); }},
      {"overlay", "a copy-on-write view (--overlay)", in_a_shard(try_overlay)},
      {"limits", "limits by a control group (--memory, --pids)", try_limits},
      {"capture", "a packet capture (--pcap)", in_a_shard(try_capture)},
      {"stacks", "kernel stacks in the hang report", try_kernel_stacks},
  };
  std::vector<Extra> extras;
  for (const auto& row : rows) {
    auto& extra = extras.emplace_back(Extra{.key = row.key, .what = row.what, .said = {}});
    attempt(extra, row.body);
  }
  return extras;
}

Diagnosis diagnose() {
  const auto plan = shard::plan_to_probe();
  Diagnosis diagnosis;
  diagnosis.machine = shard::read_evidence();
  diagnosis.ways = ways_here(diagnosis.machine, plan.privilege_mode);
  diagnosis.shard = shard::probe_launch(plan, kPatience);
  diagnosis.extras = try_extras(diagnosis.shard.works, kPatience);
  return diagnosis;
}

}  // namespace nslaunch::run
