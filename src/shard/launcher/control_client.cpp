#include "shard/launcher/control_client.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "inspect/hang/standstill.hpp"
#include "shard/diagnose/causes.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/text.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::shard {
namespace {

/// For text of any length, which can't change while init reads it.
sys::Fd sealed(const std::string& text) {
  constexpr const char* kDoing = "writing down what to run";
  sys::Fd file(sys::check(::memfd_create("request", MFD_CLOEXEC | MFD_ALLOW_SEALING), kDoing));
  const sys::IgnoredFileSizeSignal ignored;  // the limit counts for memory files, too
  if (const int error = sys::write_all(file.get(), text); error != 0)
    throw Error(sys::errno_code(error), kDoing);
  sys::check(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), kDoing);
  return file;
}

Error shard_has_ended() {
  return {{}, "the shard has just ended"};
}

Error explain_unsent(int error) {
  const Message failure{.kind = Kind::kFailed, .step = Step::kGo, .code = error, .payload = {}};
  return {sys::errno_code(error), "asking the shard's init",
          as_advice(cause_of({}, failure, read_evidence()))};
}

Error silent(pid_t init) {
  const auto code = sys::errno_code(ETIMEDOUT);
  if (const auto standstill = inspect::reason_for_silence(init))
    return {code, fmt::format("the shard's init does not answer: {}", standstill->what), standstill->remedy};
  return {code, "the shard's init does not answer", "It may have much to do: try again."};
}

Error nonsense() {
  return {sys::errno_code(EPROTO), "the shard's init has sent what nslaunch can't understand",
          "It is none of nslaunch's, or somebody has changed it; nothing of it was believed."};
}

/// Receives a message without waiting; throws if none will arrive.
std::optional<Message> take(const sys::Fd& connection, std::vector<sys::Fd>* descriptors) {
  auto message = receive(connection.get(), false, descriptors);
  if (message || errno == EAGAIN) return message;
  check_gone(errno);
  throw shard_has_ended();
}

/// `patience`: how long to wait for the answer after a signal, in ms.
Message receive_answer(const sys::Fd& connection, const Wait& wait,
                       std::vector<sys::Fd>* descriptors = nullptr, int patience = 0) {
  for (;;) {
    const auto readable = sys::wait_for_any({connection.get(), wait.signals}, wait.deadline.poll_timeout());
    if (readable.error != 0) throw Error(sys::errno_code(readable.error), "waiting for the shard's init");
    const bool has_answer = readable.has(connection.get());
    const bool has_signal = readable.has(wait.signals);
    if (!has_answer && !has_signal) {
      if (wait.deadline.passed()) throw silent(wait.init);
      continue;
    }
    if (!has_answer) sys::wait_for_any({connection.get()}, patience);
    if (auto message = take(connection, descriptors)) return std::move(*message);
    if (has_signal && wait.gives_up && wait.gives_up()) throw GivenUp();
  }
}

void ask(const sys::Fd& connection, const Message& question, const Wait& wait,
         std::span<const int> descriptors = {}) {
  if (send(connection.get(), question, descriptors)) return;
  if (errno == EAGAIN) throw silent(wait.init);
  if (errno == EPIPE || errno == ECONNRESET) throw shard_has_ended();
  throw explain_unsent(errno);
}

Error failure(const Message& message, const std::string& doing) {
  if (message.kind != Kind::kFailed || message.code == 0) return nonsense();
  if (message.kind == Kind::kFailed && message.code == EPROTO) {
    return {{}, doing + ": the shard is another version's", "Use the nslaunch that has started it."};
  }
  return {sys::errno_code(message.code), doing};
}

/// What is sent to a stopped init stays queued: streams would be open there after our end, and their readers
/// would wait forever.
void greet(const sys::Fd& connection, const Wait& wait) {
  ask(connection, {.kind = Kind::kAskStopped, .code = kControlVersion, .payload = {}}, wait);
  const auto answer = receive_answer(connection, wait);
  if (answer.kind != Kind::kAnswer) throw failure(answer, "asking the shard's init");
}

}  // namespace

void check_gone(int error) {
  if (error == EPROTO || error == EMSGSIZE) throw nonsense();
  if (error != 0 && error != ECONNRESET) throw Error(sys::errno_code(error), "listening to the shard's init");
}

int ask_for_process(const sys::Fd& connection, const ProcessRequest& request,
                    const std::string& usual_directory, std::span<const int> streams, const Wait& wait) {
  const auto file = sealed(pack(request));
  std::vector<int> descriptors = {file.get()};
  descriptors.insert(descriptors.end(), streams.begin(), streams.end());
  greet(connection, wait);
  ask(connection, {.kind = Kind::kStart, .code = kControlVersion, .payload = {}}, wait, descriptors);
  // A signal may be for the process that exists already, though we do not know it yet: it is deferred till
  // then.
  constexpr int kNewsLimit = 500;
  const auto answer = receive_answer(connection, wait, nullptr, kNewsLimit);
  if (answer.kind == Kind::kStarted) return answer.code;
  if (answer.kind != Kind::kFailed || answer.code == 0) throw nonsense();
  const std::string& directory = request.directory.empty() ? usual_directory : request.directory;
  const std::string command = request.command.empty() ? "the shell" : request.command.front();
  if (answer.step == Step::kExec) throw explain_command(command, answer.code, answer.detail != 0);
  throw failure(answer,
                row(answer.step).doing + (answer.step == Step::kWorkdir ? " " + sys::escape(directory) : ""));
}

sys::Fd ask_for_socket(const sys::Fd& connection, const SocketRequest& request, const Wait& wait) {
  ask(connection, {.kind = Kind::kSocket, .code = kControlVersion, .payload = pack(request)}, wait);
  std::vector<sys::Fd> descriptors;
  const auto answer = receive_answer(connection, wait, &descriptors);
  if (answer.kind == Kind::kSocket && descriptors.size() == 1) return std::move(descriptors.front());
  const bool listens = request.kind == SocketRequest::Kind::kListening;
  throw failure(answer, fmt::format("{} {} port {} in the shard", listens ? "listening on" : "connecting to",
                                    sys::escape(request.address), request.port));
}

void ask_for_listeners(const sys::Fd& connection) {
  const Wait nothing{.deadline = sys::Deadline(std::chrono::milliseconds{0})};
  ask(connection, {.kind = Kind::kListening, .code = kControlVersion, .payload = {}}, nothing);
}

std::vector<ns::Socket> receive_listeners(const sys::Fd& connection) {
  const auto answer = take(connection, nullptr);
  if (!answer) throw silent(0);
  if (answer->kind != Kind::kListening) throw failure(*answer, "looking at the shard's ports");
  auto listeners = unpack_listeners(answer->payload);
  if (!listeners) throw nonsense();
  return std::move(*listeners);
}

}  // namespace nslaunch::shard
