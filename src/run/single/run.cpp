#include <unistd.h>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/run.hpp>

#include <optional>
#include <utility>

#include "registry/record/published_record.hpp"
#include "run/single/caller.hpp"
#include "run/single/leaks.hpp"
#include "run/single/shard_resources.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/supervise/supervise.hpp"
#include "sys/io/terminal.hpp"

namespace nslaunch {
namespace {

/// Gives the terminal back at the end: a shell in the shard may have been killed while its job had it.
class TerminalKeeper {
 public:
  explicit TerminalKeeper(bool has_terminal) {
    if (!has_terminal) return;
    if (const auto terminal = sys::open_controlling_terminal()) foreground_ = ::tcgetpgrp(terminal.get());
  }
  TerminalKeeper(const TerminalKeeper&) = delete;
  TerminalKeeper& operator=(const TerminalKeeper&) = delete;
  ~TerminalKeeper() {
    if (foreground_ <= 0) return;
    if (const auto terminal = sys::open_controlling_terminal())
      sys::take_back_terminal(terminal.get(), foreground_);
  }

 private:
  pid_t foreground_ = 0;
};

Outcome run_with(run::CallersSignals& caller, const ShardSpec& spec, const Messages& messages,
                 const RunOptions& options) {
  const auto began = sys::Clock::now();
  run::ShardResources resources(messages);
  resources.make_plan(spec);
  auto& plan = resources.plan();
  plan.caller_signals = caller.before();
  plan.gives_up_descriptors = options.give_up_descriptors;
  plan.may_have_handlers = !options.give_up_descriptors;
  plan.cancel = options.cancel;
  const TerminalKeeper terminal(!plan.own_process_group);
  resources.prepare();
  resources.keep_open(options.keep_open);
  shard::Watched watched(plan);
  for (const auto& ancestor : watched.ancestors) plan.outside_handles.push_back(ancestor.get());
  auto running = shard::launch(plan, resources.hooks(), caller.signals());
  resources.leave_to_init();
  resources.command_started();
  const auto setup = running.started_at - began;
  auto outcome = shard::supervise(plan, std::move(running), std::move(watched), resources.hooks(),
                                  caller.signals(), resources.forwarding());
  resources.command_ended(outcome);
  outcome.setup = std::chrono::duration_cast<std::chrono::microseconds>(setup);
  if (const auto hint = resources.hint(outcome); !hint.empty() && messages.warning) messages.warning(hint);
  return outcome;
}

}  // namespace

Outcome run_shard(const ShardSpec& spec, const Messages& messages, const RunOptions& options) {
  std::optional<run::CallersSignals> caller;
  auto outcome = [&] {
    try {
      run::refuse_threads("run_shard()");
      if (spec.isolation == Isolation::kNone)
        throw UsageError("run_shard() makes shards; execute_directly() is for a command without isolation");
      registry::sweep();
      // Before anything of the shard is made: a signal that ended us halfway would leave it.
      caller.emplace();
      return run_with(*caller, spec, messages, options);
    } catch (const std::exception& error) {
      if (options.failed) options.failed(error);
      throw;
    }
  }();
  if (options.ended) options.ended(outcome);
  return outcome;
}

int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept {
  if (is_hang(outcome.cause)) return kTimedOut;
  if (outcome.term_signal != 0) return status_of_signal(outcome.term_signal);
  const bool passed = outcome.exit_status == 0;
  if (passed && spec.leaks == LeakPolicy::kFail && run::has_leaked(outcome, spec)) return kLeaked;
  return outcome.exit_status;
}

}  // namespace nslaunch
