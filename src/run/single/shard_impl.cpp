#include "run/single/shard_impl.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <csignal>
#include <filesystem>
#include <utility>

#include "registry/record/published_record.hpp"
#include "run/single/caller.hpp"
#include "run/single/undisturbed.hpp"
#include "shard/launcher/control_client.hpp"
#include "shard/plan/make_plan.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch {
namespace {

/// Init answers at once, unless another process has stopped it.
constexpr std::chrono::seconds kAnswerLimit{3};

/// Above the standard streams, as which the process gets them.
sys::Fd copy_of(int stream) {
  if (stream < 0) {
    const auto null = sys::open_file("/dev/null", O_RDWR);
    return copy_of(null.get());
  }
  return sys::Fd(sys::check(::fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
                            "copying descriptor {} for a process of the shard", stream));
}

std::vector<sys::Fd> copies_of(const Streams& streams) {
  std::vector<sys::Fd> copies;
  for (const int stream : {streams.in, streams.out, streams.err}) copies.push_back(copy_of(stream));
  return copies;
}

}  // namespace

Shard::Impl::Impl(const ShardSpec& spec, const ShardOptions& options) : messages_(options.messages) {
  run::refuse_threads("a Shard");
  if (spec.isolation == Isolation::kNone)
    throw UsageError("a Shard is isolated; a command without isolation is the caller's to execute");
  const auto signals = sys::SignalState::current();
  const run::Undisturbed undisturbed;
  try {
    shard_.emplace(messages_, loop_);
    prepare(spec, options.streams);
    shard_->plan().caller_signals = signals;
    shard_->launch();
    follow();
  } catch (...) {
    release();  // while no signal ends this process halfway
    throw;
  }
}

Shard::Impl::~Impl() {
  const run::Undisturbed undisturbed;
  release();
}

void Shard::Impl::prepare(const ShardSpec& spec, const Streams& streams) {
  registry::sweep();
  // Several shards in one process would raise its descriptor limit and restore it in any order.
  shard_->resources().make_plan(spec, shard::Forwarding::Limit::kKeep);
  auto& plan = shard_->plan();
  id_ = plan.spec.id;
  plan.own_process_group = true;
  plan.launcher_is_client = true;
  plan.streams = copies_of(streams);
  plan.stdin_pipe = shard::pipe_inode(plan.streams.front().get());
  shard_->resources().prepare();
  watched_.emplace(plan);
  for (const auto& ancestor : watched_->ancestors) {
    plan.outside_handles.push_back(ancestor.get());
    ancestors_watches_.push_back(loop_.watch(ancestor.get(), POLLIN, [this](short) { on_ancestor_ended(); }));
  }
}

/// Runs once: the pidfd stays readable. A shard that is still being launched is ended when it runs.
void Shard::Impl::on_ancestor_ended() {
  ancestor_has_ended_ = true;
  ancestors_watches_.clear();
}

void Shard::Impl::follow() {
  descriptor_.follow(loop_, shard_ ? shard_->poll_timeout() : -1);
}

void Shard::Impl::handle_events() {
  if (!shard_) return;
  const run::Undisturbed undisturbed;
  try {
    loop_.turn(0);
    go_on();
    follow();
  } catch (...) {
    fail(std::current_exception());
  }
}

void Shard::Impl::go_on() {
  if (shard_->launching() != nullptr && shard_->go_on_launching()) launched();
  auto* supervised = shard_->supervised();
  if (supervised == nullptr) return;
  supervised->handle_events();
  if (std::exchange(ancestor_has_ended_, false)) supervised->ending().on_ancestor_ended();
  supervised->keep_deadlines();
  if (supervised->is_over()) finish();
}

void Shard::Impl::launched() {
  started_ = true;
  auto running = shard_->launching()->take();
  control_ = copy_of(running.control.get());  // forwarding takes the original
  shard_->begin_supervision(std::move(running), std::move(watched_->output));
}

void Shard::Impl::finish() {
  outcome_ = shard_->finish();
  const auto hint = shard_->resources().hint(outcome_);
  if (!hint.empty() && messages_.warning) messages_.warning(hint);
  release();
}

void Shard::Impl::fail(std::exception_ptr error) noexcept {
  error_ = std::move(error);
  release();
  try {
    follow();  // there is nothing left to wait for
  } catch (...) {
  }
}

/// Releases everything, and with it the record, in this order.
void Shard::Impl::release() noexcept {
  if (shard_) shard_->end();
  ancestors_watches_.clear();
  watched_.reset();
  control_.reset();
  shard_.reset();
}

const Outcome& Shard::Impl::outcome() const {
  if (shard_) throw UsageError("a shard has no outcome before it has ended");
  if (error_) std::rethrow_exception(error_);
  return outcome_;
}

void Shard::Impl::signal(int signal) {
  if (signal < 1 || signal > SIGRTMAX) throw UsageError(fmt::format("{} is no signal", signal));
  if (!shard_) return;
  shard_->forward(signal);
  follow();
}

void Shard::Impl::kill() {
  if (!shard_) return;
  const run::Undisturbed undisturbed;
  if (shard_->launching() != nullptr) {
    const Error error(sys::errno_code(ECANCELED), "launching a shard that was killed meanwhile");
    return fail(std::make_exception_ptr(error));
  }
  shard_->supervised()->ending().kill(EndCause::kKilled);
  handle_events();
}

std::pair<sys::Fd, pid_t> Shard::Impl::exec(const ExecRequest& request) {
  const auto* supervised = shard_ ? shard_->supervised() : nullptr;
  if (supervised == nullptr || supervised->ended())
    throw UsageError("exec() wants a shard whose command has started and that has not ended");
  const run::Undisturbed undisturbed;
  auto [ours, theirs] = sys::make_channel();
  sys::never_wait(ours);
  const int number = theirs.get();
  if (!shard::send(control_.get(), {.kind = shard::Kind::kClient, .payload = {}}, {&number, 1}))
    sys::check(-1, "asking the shard's init");
  theirs.reset();
  const auto streams = copies_of(request.streams);
  const int numbers[] = {streams[0].get(), streams[1].get(), streams[2].get()};
  shard::ProcessRequest wanted{.directory = {}, .variables = request.variables, .command = request.command};
  const auto& usual = shard_->plan().working_directory;
  if (!request.workdir.empty()) wanted.directory = std::filesystem::path(usual) / request.workdir;
  const pid_t pid =
      shard::ask_for_process(ours, wanted, usual, numbers,
                             {.deadline = sys::Deadline(kAnswerLimit), .init = supervised->init_pid()});
  return {std::move(ours), pid};
}

}  // namespace nslaunch
