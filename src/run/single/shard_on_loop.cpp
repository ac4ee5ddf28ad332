#include "run/single/shard_on_loop.hpp"

#include <csignal>
#include <utility>

namespace nslaunch::run {

void ShardOnLoop::launch() {
  launching_.emplace(plan(), resources_.hooks());
  launching_watch_ = loop_.watch(launching_->fd(), POLLIN, [this](short) { launching_is_due_ = true; });
  leave_to_init();
}

void ShardOnLoop::leave_to_init() noexcept {
  if (launching_->has_init()) resources_.leave_to_init();
}

bool ShardOnLoop::go_on_launching() {
  if (!std::exchange(launching_is_due_, false) && launching_->poll_timeout() != 0) return false;
  const bool has_started = launching_->handle_events();
  leave_to_init();
  return has_started;
}

void ShardOnLoop::begin_supervision(shard::RunningShard running, std::optional<shard::OutputWatch> output) {
  resources_.command_started();
  setup_ = std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - began_);
  supervised_.emplace(plan(), std::move(running), std::move(output), resources_.hooks(),
                      resources_.forwarding(), loop_);
  end_launch();
  for (const int signal : std::exchange(unsent_, {})) forward(signal);
}

void ShardOnLoop::end_launch() noexcept {
  launching_watch_.end();
  launching_.reset();
}

void ShardOnLoop::end() noexcept {
  end_launch();
  supervised_.reset();
}

int ShardOnLoop::poll_timeout() const {
  if (launching_) return launching_->poll_timeout();
  return supervised_ ? supervised_->poll_timeout() : -1;
}

void ShardOnLoop::forward(int signal) {
  if (launching_) unsent_.push_back(signal);
  if (!supervised_) return;
  supervised_->ending().on_signal(signal);
  // A SIGSTOP to the launcher's whole group has stopped init, too.
  if (signal == SIGCONT) supervised_->init().queue_signal(SIGCONT);
  supervised_->peer().send(shard::Kind::kForward, signal);
  supervised_->peer().expect_sign_of_life();
  if (signal == SIGTERM) supervised_->ending().begin(EndCause::kTerminated);
}

Outcome ShardOnLoop::finish() {
  auto outcome = supervised_->finish();
  outcome.setup = setup_;
  resources_.command_ended(outcome);
  return outcome;
}

}  // namespace nslaunch::run
