#include "run/single/shard_impl.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <csignal>
#include <filesystem>
#include <utility>

#include "registry/record/registration.hpp"
#include "run/single/caller.hpp"
#include "run/single/undisturbed.hpp"
#include "shard/launcher/visit.hpp"
#include "shard/plan/hidden.hpp"
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
  prepare(spec, options.streams);
  plan_.caller_signals = signals;
  launch();
  follow();
}

Shard::Impl::~Impl() {
  const run::Undisturbed undisturbed;
  release();
}

void Shard::Impl::prepare(const ShardSpec& spec, const Streams& streams) {
  registry::sweep();
  leftovers_.emplace(messages_.warning);
  plan_ = shard::make_plan(spec, leftovers_->hook());
  id_ = plan_.spec.id;
  plan_.own_process_group = true;
  plan_.launcher_visits = true;
  run::listen(plan_, messages_);
  plan_.streams = copies_of(streams);
  plan_.stdin_pipe = shard::pipe_inode(plan_.streams.front().get());
  // Several shards in one process would raise its descriptor limit and restore it in any order.
  forwarding_.emplace(plan_.spec, shard::Forwarding::Limit::kKeep);
  for (const auto& line : forwarding_->chosen_ports()) {
    if (messages_.note) messages_.note(line);
  }
  if (!plan_.spec.capture.file.empty()) {
    capture_.emplace(plan_.spec.capture, messages_.warning, leftovers_->hook());
    plan_.capture_file = capture_->fd();
  }
  recorder_.emplace(plan_, messages_);
  hooks_ = recorder_->hooks();
  watched_.emplace(plan_);
  for (const auto& ancestor : watched_->ancestors) {
    plan_.outside_handles.push_back(ancestor.get());
    ancestors_watches_.push_back(loop_.watch(ancestor.get(), POLLIN, [this](short) { on_ancestor_ended(); }));
  }
}

/// Runs once: the pidfd stays readable. A shard that is still being launched is ended when it runs.
void Shard::Impl::on_ancestor_ended() {
  ancestor_has_ended_ = true;
  ancestors_watches_.clear();
}

void Shard::Impl::launch() {
  launching_.emplace(plan_, hooks_);
  launching_watch_ = loop_.watch(launching_->fd(), POLLIN, [this](short) { news_of_launch_ = true; });
  leave_to_init();
}

/// Init has its own copies, and ours would keep the readers of the streams waiting.
void Shard::Impl::leave_to_init() {
  if (!launching_->has_init()) return;
  plan_.places = {};
  plan_.streams.clear();
}

int Shard::Impl::poll_timeout() const {
  if (launching_) return launching_->poll_timeout();
  return supervised_ ? supervised_->poll_timeout() : -1;
}

void Shard::Impl::follow() {
  descriptor_.follow(loop_, poll_timeout());
}

void Shard::Impl::handle_events() {
  if (ended_) return;
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
  const bool launch_is_due = std::exchange(news_of_launch_, false) || poll_timeout() == 0;
  if (launching_ && launch_is_due) go_on_launching();
  if (!supervised_) return;
  supervised_->handle_events();
  if (std::exchange(ancestor_has_ended_, false)) supervised_->ending().on_ancestor_ended();
  supervised_->keep_deadlines();
  if (supervised_->is_over()) finish();
}

void Shard::Impl::go_on_launching() {
  const bool has_started = launching_->handle_events();
  leave_to_init();
  if (has_started) launched();
}

void Shard::Impl::launched() {
  started_ = true;
  if (capture_) capture_->command_started();
  outcome_.setup = std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - began_);
  auto running = launching_->take();
  visit_ = copy_of(running.visit.get());  // forwarding takes the original
  supervised_.emplace(plan_, std::move(running), std::move(watched_->output), hooks_, *forwarding_, loop_);
  launching_watch_.end();
  launching_.reset();
  for (const int signal : std::exchange(unsent_, {})) deliver(signal);
}

void Shard::Impl::finish() {
  const auto setup = outcome_.setup;
  outcome_ = supervised_->finish();
  outcome_.setup = setup;
  if (capture_ && exit_status(outcome_, plan_.spec) == 0) capture_->command_succeeded();
  if (outcome_.exit_status != 0 && messages_.warning) {
    if (const auto hint = shard::hint_on_hidden_argument(plan_); !hint.empty()) messages_.warning(hint);
  }
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
  ended_ = true;
  launching_watch_.end();
  launching_.reset();
  supervised_.reset();
  ancestors_watches_.clear();
  watched_.reset();
  visit_.reset();
  recorder_.reset();
  capture_.reset();
  forwarding_.reset();
  plan_ = {};
  leftovers_.reset();
}

const Outcome& Shard::Impl::outcome() const {
  if (!ended_) throw UsageError("a shard has no outcome before it has ended");
  if (error_) std::rethrow_exception(error_);
  return outcome_;
}

void Shard::Impl::deliver(int signal) {
  supervised_->ending().on_signal(signal);
  supervised_->peer().send(shard::Kind::kForward, signal);
  supervised_->peer().expect_sign_of_life();
  if (signal == SIGTERM) supervised_->ending().begin(EndCause::kTerminated);
}

void Shard::Impl::signal(int signal) {
  if (signal < 1 || signal > SIGRTMAX) throw UsageError(fmt::format("{} is no signal", signal));
  if (ended_) return;
  if (launching_) {
    unsent_.push_back(signal);
  } else {
    deliver(signal);
  }
  follow();
}

void Shard::Impl::kill() {
  if (ended_) return;
  const run::Undisturbed undisturbed;
  if (launching_) {
    const Error error(sys::errno_code(ECANCELED), "launching a shard that was killed meanwhile");
    return fail(std::make_exception_ptr(error));
  }
  supervised_->ending().kill(EndCause::kKilled);
  handle_events();
}

std::pair<sys::Fd, pid_t> Shard::Impl::exec(const ExecRequest& request) {
  if (!supervised_ || supervised_->ended())
    throw UsageError("exec() wants a shard whose command has started and that has not ended");
  const run::Undisturbed undisturbed;
  auto [ours, theirs] = sys::make_channel();
  sys::never_wait(ours);
  const int number = theirs.get();
  if (!shard::send(visit_.get(), {.kind = shard::Kind::kVisitor, .payload = {}}, {&number, 1}))
    sys::check(-1, "asking the shard's init");
  theirs.reset();
  const auto streams = copies_of(request.streams);
  const int numbers[] = {streams[0].get(), streams[1].get(), streams[2].get()};
  shard::VisitRequest wanted{.directory = {}, .variables = request.variables, .command = request.command};
  const auto& usual = plan_.working_directory;
  if (!request.workdir.empty()) wanted.directory = std::filesystem::path(usual) / request.workdir;
  const pid_t pid =
      shard::ask_for_process(ours, wanted, usual, numbers,
                             {.deadline = sys::Deadline(kAnswerLimit), .init = supervised_->init_pid()});
  return {std::move(ours), pid};
}

}  // namespace nslaunch
