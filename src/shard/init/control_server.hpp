#pragma once

#include <sys/wait.h>

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/fd.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {

/// Init's side of the control socket. Init forks the processes that clients request, so they are ordinary
/// descendants, with the command's user; nothing here ever waits for a client.
class ControlServer {
 public:
  /// `listener`: the control socket, listening; may be empty. `isolation`: NSLAUNCH_ISOLATION.
  /// `launchers_connection`: a connection that is already accepted; may be empty.
  ControlServer(const Plan& plan, const std::string& isolation, sys::Fd listener,
                sys::Fd launchers_connection);

  /// Called for each process that is started for a client; may be empty.
  std::function<void(pid_t)> process_started;

  /// Serves requests whenever `loop` turns, which must outlive this.
  void begin(sys::Loop& loop);
  /// Notifies a client that the process started for it has ended.
  void note_end(const siginfo_t& child);
  /// The sessions of processes that clients have started; these do not count as leaks.
  const std::vector<pid_t>& sessions() const noexcept { return sessions_; }

 private:
  struct Client {
    sys::Fd connection;
    bool is_launcher = false;
    pid_t process = 0;
    sys::Loop::Watch watch{};  ///< ends before the connection
  };
  using Place = std::list<Client>::iterator;

  void admit();
  void take_in(sys::Fd connection);
  void receive_request(Place client);
  bool answer(Client& client, const Message& message, std::vector<sys::Fd> descriptors);
  void start(Client& client, std::vector<sys::Fd> descriptors);
  void make_socket(const Client& client, const std::string& payload);
  static void hang_up(const Client& client);
  void see_off(Place client);
  void listen_if_there_is_room();

  const Plan& plan_;
  std::string isolation_;
  sys::Fd listener_;
  sys::Loop* loop_ = nullptr;
  sys::Loop::Watch listener_watch_;
  sys::Loop::Timer retry_;  ///< set if there is no descriptor for another client
  std::list<Client> clients_;
  std::vector<pid_t> sessions_;
};

}  // namespace nslaunch::shard
