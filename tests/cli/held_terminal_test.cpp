#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shard/wire/protocol.hpp"
#include "support/fake_init.hpp"
#include "support/holder.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/missing_page.hpp"
#include "support/pty.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"

// K66: whoever has the terminal that root's exec gives another user's process has its locks, too.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using shard::Kind;

constexpr std::chrono::seconds kEndLimit{20};

/// At the end of the scope.
struct Killed {
  Process& process;
  ~Killed() { process.send_signal(SIGKILL); }
};

/// As init of a shard, which starts nothing: has `hold` wait, in the kernel, for a page with what it was
/// given as the process's terminal, writes to `told`, and says no more.
FakeInit::Serve take_terminal(int device, int told, void (*hold)(int terminal, void* page)) {
  return [=](int listener) {
    const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!shard::receive(client.get())) return say_nothing(listener);
    static_cast<void>(shard::send(client.get(), {.kind = Kind::kAnswer, .payload = {}}));
    std::vector<sys::Fd> given;
    if (!shard::receive(client.get(), true, &given)) return say_nothing(listener);
    const MissingPage page(device);
    std::thread([&] { hold(given.back().get(), page.get()); }).detach();
    page.wait_for_reader();
    sys::write_all(told, "held");
    say_nothing(listener);
  };
}

void hold_by_writing(int terminal, void* page) {
  static_cast<void>(::write(terminal, page, 1));
}

void hold_size(int terminal, void* page) {
  ::ioctl(terminal, TIOCGWINSZ, page);
}

/// How root's exec ends that asks such an init for a process. When the terminal is held the window gets
/// another size.
std::string end_of_exec(void (*hold)(int, void*)) {
  const auto device = MissingPage::open_device();
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  return in_private_mounts([&] {
    ::unsetenv("XDG_RUNTIME_DIR");
    const auto held = sys::make_pipe();
    std::optional<PtySession> terminal;  // ends last: what it waits for ends with the other
    const IdleProcess theirs(
        [&] { publish_somebodys("theirs", take_terminal(device.get(), held.write.get(), hold)); });
    terminal.emplace(nslaunch({"exec", "theirs", "--", "true"}));
    pollfd watched = {held.read.get(), POLLIN, 0};
    ::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kEndLimit).count()));
    terminal->resize({44, 111});
    const auto ended = terminal->wait(kEndLimit);
    return fmt::format("{} {}", ended.status, ended.out);
  });
}

/// Root's exec of a user's process that has held its terminal's size against a change, until let_go(). Then
/// the process waits for 120 columns.
class HeldSize {
 public:
  HeldSize()
      : shard_(user_.registry, user_.words({})),
        terminal_(nslaunch({"exec", shard_.id, "--", "sh", "-c", script()}), user_.options()) {
    REQUIRE(Holder::is_held(terminal_.read_until("\n")));
    terminal_.resize({44, 111});
    terminal_.expect("changing the terminal of user " + std::to_string(user_.uid));
  }

  PtySession& terminal() noexcept { return terminal_; }
  void let_go() {
    terminal_.send("\n");
    terminal_.expect("letgo\r\n");
  }

 private:
  /// The holder's group is of the file system's server, too, who alone lets go of what it has read.
  std::string script() const {
    return "setsid " + holder_.command("hold-window-size") +
           " </dev/tty & read line; kill -KILL -$!; wait; echo let''go; until stty size | grep 120; do sleep "
           "0.1; done";
  }

  Hostile user_;
  Holder holder_;
  LiveShard shard_;
  PtySession terminal_;
  Killed killed_{shard_.launcher};  // before the terminal is waited for: what is held up goes on then
};

}  // namespace

TEST_CASE("a user who holds the lock on the size of his terminal holds up root's exec for a short time") {
  const Hostile user;
  const Holder holder;
  LiveShard shard(user.registry, user.words({}));
  PtySession terminal(nslaunch({"exec", shard.id, "--", "sh", "-c", holder.command("hold-window-size")}),
                      user.options());
  const auto said = terminal.read_until("\n");
  // Before the terminal is waited for: what is held up goes on then.
  const Killed killed{shard.launcher};
  REQUIRE(Holder::is_held(said));
  terminal.resize({44, 111});
  terminal.expect("changing the terminal of user " + std::to_string(user.uid));
  terminal.send("typed and shown");
  terminal.expect("typed and shown");
}

TEST_CASE("a size that was held up once does not keep the next one from being passed on") {
  HeldSize held;
  held.let_go();
  held.terminal().resize({50, 120});
  held.terminal().expect("50 120\r\n");
}

TEST_CASE("the last of the sizes that were held up is passed on once nobody holds them up") {
  HeldSize held;
  for (const auto columns : std::initializer_list<unsigned short>{112, 113, 114, 120}) {
    held.terminal().resize({50, columns});
    const auto key = "seen " + std::to_string(columns);
    held.terminal().send(key);
    held.terminal().expect(key);
  }
  held.let_go();
  held.terminal().expect("50 120\r\n");
}

TEST_CASE("a size that was held up for long does not keep a later one from being passed on") {
  HeldSize held;
  // It has given up to try by itself.
  for (int tries = 0; tries < 3; ++tries) held.terminal().expect("can't be killed");
  held.let_go();
  held.terminal().resize({50, 120});
  held.terminal().expect("50 120\r\n");
}

TEST_CASE("a user who keeps his terminal from being closed does not keep root's exec from its end") {
  const Hostile user;
  const Holder holder;
  LiveShard shard(user.registry, user.words({}));
  const auto script = "trap '' HUP INT TERM; stty -echo; echo ready; exec " + holder.command("hold-terminal");
  PtySession terminal(nslaunch({"exec", shard.id, "--", "sh", "-c", script}), user.options());
  terminal.expect("ready\r\n");
  terminal.send("\n");
  const auto said = terminal.read_until("\n");
  const Killed killed{shard.launcher};
  REQUIRE(Holder::is_held(said));
  const bool is_killed = GENERATE(false, true);
  if (!is_killed) {
    ::kill(terminal.pid(), SIGTERM);
    terminal.expect("one more Ctrl-C, or signal, ends this exec");
  }
  const int last = is_killed ? SIGKILL : SIGTERM;
  ::kill(is_killed ? -terminal.pid() : terminal.pid(), last);  // the whole group of it
  const auto ended = terminal.wait(kEndLimit);
  CHECK(ended.signal == last);
  if (!is_killed) CHECK_THAT(ended.out, Contains("can't be killed"));
}

TEST_CASE("an init of another user's that keeps the terminal from being closed does not keep root's exec") {
  const auto seen = end_of_exec(hold_by_writing);
  CHECK_THAT(seen, StartsWith("125 ") && Contains("init does not answer") && Contains("can't be killed"));
}

TEST_CASE("an init of another user's that holds the lock on the terminal's size does not keep root's exec") {
  const auto seen = end_of_exec(hold_size);
  CHECK_THAT(seen, StartsWith("125 ") && Contains("changing the terminal of user 54321") &&
                       Contains("init does not answer"));
}

TEST_CASE("root's exec that is killed hangs up the terminal of another user's process, and leaves nothing") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  const auto text = unique_text();
  // In another session, of which no end of exec's process is told.
  const auto script = "exec 3<&0; setsid sh -c 'echo up; read line <&3' " + text + " & wait";
  PtySession terminal(nslaunch({"exec", shard.id, "--", "sh", "-c", script}), user.options());
  terminal.expect("up\r\n");
  ::kill(terminal.pid(), SIGKILL);
  CHECK(all_gone(text));
}

TEST_CASE("another user's process that closes its terminal is hung up on by root's exec") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  const auto script = "exec </dev/null >/dev/null 2>&1 sleep 1000";
  PtySession terminal(nslaunch({"exec", shard.id, "--", "sh", "-c", script}), user.options());
  CHECK(terminal.wait(kEndLimit).signal == SIGHUP);
}

}  // namespace nslaunch::test
