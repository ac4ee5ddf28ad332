#include "run/client/exec_terminal.hpp"

#include <nslaunch/error.hpp>

#include <cerrno>
#include <chrono>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/io/pty.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::run {
namespace {

constexpr std::chrono::seconds kSizeLimit{1};
/// After a failure; after the second one twice as long.
constexpr std::chrono::seconds kPause{1};
/// After this many failures only the next change makes another try.
constexpr int kTriesByItself = 3;
/// In a row: each may leave a child behind.
constexpr int kMostFailures = 5;

}  // namespace

ExecScreen::ExecScreen(int terminal) : terminal_(terminal), again_(sys::reopen_terminal(terminal)) {}

void ExecScreen::show(std::string_view output) {
  waiting_ += output;
  show();
}

void ExecScreen::show() {
  if (waiting_.empty()) return;
  const auto count = sys::write_without_blocking(descriptor(), waiting_);
  if (count > 0) waiting_.erase(0, static_cast<std::size_t>(count));
  if (count < 0 && errno != EAGAIN && errno != EINTR) waiting_.clear();
}

ExecSize::ExecSize(Terminals terminals, std::optional<uid_t> another,
                   const std::function<void(std::string_view)>& warn, sys::Loop& loop)
    : terminals_(terminals), another_(another), warn_(warn), again_(loop.timer([this] { pass_on(); })) {}

void ExecSize::changed() {
  const bool tries_by_itself = is_held_ && again_.is_set();
  if (!tries_by_itself && failures_ < kMostFailures) pass_on();
}

void ExecSize::pass_on() try {
  set();
  // A child that was left behind sets the size that it was given when it gets the lock: perhaps just now.
  if (std::exchange(is_held_, false))
    again_.set(sys::Deadline(kPause));
  else
    failures_ = 0;
} catch (const Error& error) {
  is_held_ = true;
  if (failures_++ == 0) warn_(fmt::format("the size of the window is not passed on: {}", error.what()));
  if (failures_ < kTriesByItself) again_.set(sys::Deadline(kPause * failures_));
}

/// The child, which may have to be left waiting for the lock, gets no descriptor of the real terminal.
void ExecSize::set() {
  const auto size = sys::window_size(terminals_.real);
  if (!size) return;
  if (!another_) return sys::set_window_size(terminals_.own, *size);
  const auto work = [&] {
    sys::set_window_size(terminals_.own, *size);
    return sys::Answer{};
  };
  sys::in_child(*another_, kSizeLimit, work, sys::Signals::kWait, {terminals_.own}, "changing the terminal");
}

}  // namespace nslaunch::run
