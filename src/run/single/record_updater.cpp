#include "run/single/record_updater.hpp"

#include <unistd.h>

#include <ctime>
#include <utility>

#include "shard/init/init_steps.hpp"
#include "sys/base/check.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::run {
namespace {

ShardRecord make_record(const shard::Plan& plan, pid_t init_pid, const sys::Pidfd& init) {
  ShardRecord record;
  record.id = plan.spec.id;
  record.name = plan.spec.name;
  record.run_id = plan.spec.run_id.empty() ? plan.spec.id : plan.spec.run_id;
  record.shard_index = plan.spec.shard_index;
  record.shard_total = plan.spec.shard_total;
  record.fleet_member = plan.spec.fleet_member;
  record.command = plan.spec.command;
  record.cwd = plan.working_directory;
  record.uid = ::geteuid();
  if (const auto* user = other_user(plan.spec)) {
    record.command_uid = user->uid;
    record.command_gid = user->gid;
    record.command_groups.assign(user->groups.begin(), user->groups.end());
  }
  record.started_at = std::time(nullptr);
  record.isolation = shard::expected_isolation(plan);
  const auto self = sys::Pidfd::open(::getpid());
  if (self) record.launcher = sys::identify(::getpid(), *self);
  record.init = sys::identify(init_pid, init);
  return record;
}

}  // namespace

shard::Hooks RecordUpdater::hooks() {
  shard::Hooks hooks;
  hooks.created = [this](pid_t pid, const sys::Pidfd& init) {
    publish(pid, init);
    auto control = published_ ? published_->make_control_socket() : sys::Fd();
    can_be_entered_ = static_cast<bool>(control);
    return control;
  };
  hooks.running = [this](const std::string& isolation) { running_with(isolation); };
  hooks.end_unconfirmed = [this] {
    if (published_) published_->abandon();
  };
  hooks.held = [this] { return hold(); };
  hooks.stopping = [this] { set_state(ShardState::kStopping); };
  hooks.descriptors = [this] {
    std::vector<int> descriptors;
    if (published_) descriptors = {published_->lock_fd(), published_->directory_fd()};
    return descriptors;
  };
  hooks.warning = messages_.warning;
  hooks.trace = messages_.trace;
  hooks.log = shard::Log(plan_.spec.id, messages_.log);
  return hooks;
}

void RecordUpdater::publish(pid_t pid, const sys::Pidfd& init) {
  std::string problem;
  record_ = make_record(plan_, pid, init);
  published_ = registry::PublishedRecord::publish(record_, problem);
  if (!messages_.warning) return;
  if (!published_) messages_.warning(problem);
  for (const auto& work : plan_.overlay_work) {
    if (work.is_noted()) continue;
    messages_.warning(fmt::format(
        "{} beside the directory for an overlay's changes can't be noted in the registry: where nslaunch is "
        "killed by SIGKILL it stays",
        work.name()));
  }
}

void RecordUpdater::running_with(const std::string& isolation) {
  if (published_ && isolation != std::exchange(record_.isolation, isolation)) {
    published_->rewrite(record_, ShardState::kRunning);
  } else {
    set_state(ShardState::kRunning);
  }
}

bool RecordUpdater::hold() {
  if (can_be_entered_) set_state(ShardState::kHeld);
  return can_be_entered_;
}

void RecordUpdater::set_state(ShardState state) {
  if (published_) published_->set_state(state);
}

}  // namespace nslaunch::run
