#include "support/fake_init.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "registry/place/private_umask.hpp"
#include "registry/record/control.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

sys::Fd listen_in(const std::string& path, const std::string& name, int backlog) {
  const auto directory = sys::open_file(path, O_PATH | O_DIRECTORY);
  const auto address = registry::address_in(directory.get(), name);
  sys::Fd listener(sys::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "making a socket"));
  const registry::PrivateUmask umask;
  const auto* named = reinterpret_cast<const sockaddr*>(&address);
  sys::check(::bind(listener.get(), named, sizeof address), "binding");
  sys::check(::listen(listener.get(), backlog), "listening");
  return listener;
}

}  // namespace

FakeInit::FakeInit(const std::string& directory, const std::string& id, const Serve& serve, int backlog) {
  process_ = std::make_unique<IdleProcess>([&] {
    const auto listener = listen_in(directory, id + ".sock", backlog).release();
    std::thread(serve, listener).detach();
  });
  auto record = make_record(id);
  record.init = process_->identity();
  ::setenv("NSLAUNCH_STATE_DIR", directory.c_str(), 1);
  published_.emplace(publish(record));
  published_->set_state(ShardState::kRunning);
  ::unsetenv("NSLAUNCH_STATE_DIR");
}

void publish_somebodys(const std::string& id, const FakeInit::Serve& serve) {
  become(kSomebody);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which that has taken back
  const auto directory = fmt::format("/tmp/nslaunch-{}", kSomebody);
  sys::check(::mkdir(directory.c_str(), 0700), "making {}", directory);
  static const FakeInit init(directory, id, serve);
}

void say_nothing(int) {
  for (;;) ::pause();
}

FakeInit::Serve answering(std::string bytes) {
  return answering({}, std::move(bytes));
}

FakeInit::Serve answering(std::string first, std::string bytes) {
  return [first = std::move(first), bytes = std::move(bytes)](int listener) {
    for (;;) {
      const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      char question[65536];
      if (::recv(client.get(), question, sizeof question, 0) <= 0) continue;
      if (!first.empty()) {
        ::send(client.get(), first.data(), first.size(), MSG_NOSIGNAL);
        if (::recv(client.get(), question, sizeof question, 0) <= 0) continue;
      }
      ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      while (::recv(client.get(), question, sizeof question, 0) > 0) continue;
    }
  };
}

}  // namespace nslaunch::test
