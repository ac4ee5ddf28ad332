#pragma once

#include <poll.h>
#include <sys/wait.h>

#include <list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shard/plan.hpp"
#include "shard/protocol.hpp"
#include "sys/clock.hpp"
#include "sys/fd.hpp"

namespace nslaunch::shard {

/// Init's side of the control socket. What a visitor asks for is forked by init, so it is an ordinary
/// descendant, with the command's user; nothing here ever waits for a visitor.
class Visitors {
 public:
  /// `listener`: the control socket, listening; may be none. `isolation`: NSLAUNCH_ISOLATION.
  /// `launchers_visit`: a connection that is taken in already; may be none.
  Visitors(const Plan& plan, const std::string& isolation, sys::Fd listener, sys::Fd launchers_visit);

  /// Adds what is to be polled.
  void watch(std::vector<pollfd>& watched) const;
  /// Does what is asked; `watched` is what watch() has added.
  void attend(std::span<const pollfd> watched);
  /// What poll(2) takes: when to attend() though nothing has happened.
  int poll_timeout() const noexcept { return retry_ ? retry_->poll_timeout() : -1; }
  /// Tells a visitor that the process which was started for it has ended.
  void note_end(const siginfo_t& child);
  /// The sessions of processes that visitors have started; these are nobody's leaks.
  const std::vector<pid_t>& sessions() const noexcept { return sessions_; }

 private:
  struct Visitor {
    sys::Fd connection;
    pid_t process = 0;
  };

  void admit();
  void hear(Visitor& visitor);
  void answer(Visitor& visitor, const Message& message, std::vector<sys::Fd> descriptors);
  void start(Visitor& visitor, std::vector<sys::Fd> descriptors);
  void make_socket(const Visitor& visitor, const std::string& payload);
  static void tell_listeners(Visitor& visitor);
  void leave(Visitor& visitor);

  const Plan& plan_;
  std::string isolation_;
  sys::Fd listener_;
  bool full_ = false;
  std::optional<sys::Deadline> retry_;  ///< when to try again to take one in
  std::list<Visitor> visitors_;
  std::vector<pid_t> sessions_;
};

}  // namespace nslaunch::shard
