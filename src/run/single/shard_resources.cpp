#include "run/single/shard_resources.hpp"

#include <utility>

#include "shard/plan/hidden.hpp"
#include "shard/plan/make_plan.hpp"

namespace nslaunch::run {

void ShardResources::make_plan(const ShardSpec& spec, shard::Forwarding::Limit limit) {
  plan_.spec = spec;
  forwarding_.emplace(plan_.spec, limit);
  for (const auto& line : forwarding_->chosen_ports()) {
    if (messages_.note) messages_.note(line);
  }
  plan_ = shard::make_plan(spec, leftovers_.hook());
  plan_.logging = static_cast<bool>(messages_.log);
  plan_.tracing = plan_.logging || messages_.trace;
}

void ShardResources::prepare(const shard::CaptureDirectory* captures) {
  if (!plan_.spec.capture.file.empty()) {
    capture_.emplace(plan_.spec.capture, messages_.warning, leftovers_.hook(), captures);
    plan_.capture_file = capture_->fd();
  }
  updater_.emplace(plan_, messages_);
  hooks_ = updater_->hooks();
  hooks_.descriptors = [this, of_record = std::move(hooks_.descriptors)] {
    auto all = of_record();
    const auto also = [&](const std::vector<int>& more) { all.insert(all.end(), more.begin(), more.end()); };
    if (capture_) also(capture_->descriptors());
    also(leftovers_.descriptors());
    also(kept_open_);
    return all;
  };
}

void ShardResources::leave_to_init() noexcept {
  plan_.places = {};
  plan_.streams.clear();
}

void ShardResources::command_started() noexcept {
  if (capture_) capture_->command_started();
}

void ShardResources::command_ended(const Outcome& outcome) noexcept {
  if (capture_ && exit_status(outcome, plan_.spec) == 0) capture_->command_succeeded();
}

std::string ShardResources::hint(const Outcome& outcome) const {
  return outcome.exit_status != 0 ? shard::hint_on_hidden_argument(plan_) : std::string();
}

}  // namespace nslaunch::run
