#include "shard/visit.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "shard/causes.hpp"
#include "shard/explain.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/signals.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

/// However long the words are, and not to be changed while init reads it.
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

void ask(const sys::Fd& connection, const Message& message, std::span<const int> descriptors = {}) {
  if (send(connection.get(), message, descriptors)) return;
  if (errno == EPIPE || errno == ECONNRESET) throw shard_has_ended();
  throw explain_unsent(errno);
}

Message hear(const sys::Fd& connection, std::vector<sys::Fd>* descriptors = nullptr) {
  if (auto message = receive(connection.get(), true, descriptors)) return std::move(*message);
  if (errno == EAGAIN) {
    throw Error(sys::errno_code(ETIMEDOUT), "the shard's init does not answer",
                "Somebody may have stopped it; see: nslaunch inspect ID");
  }
  throw shard_has_ended();
}

Error failure(const Message& message, const std::string& doing) {
  if (message.kind == Kind::kFailed && message.code == EPROTO) {
    return {{}, doing + ": the shard is another version's", "Use the nslaunch that has started it."};
  }
  return {sys::errno_code(message.code), doing};
}

}  // namespace

int ask_for_process(const sys::Fd& connection, const VisitRequest& request,
                    const std::string& usual_directory, std::span<const int> streams) {
  const auto file = sealed(pack(request));
  std::vector<int> descriptors = {file.get()};
  descriptors.insert(descriptors.end(), streams.begin(), streams.end());
  ask(connection, {.kind = Kind::kVisit, .code = kControlVersion, .payload = {}}, descriptors);
  const auto answer = hear(connection);
  if (answer.kind == Kind::kStarted) return answer.code;
  const std::string& directory = request.directory.empty() ? usual_directory : request.directory;
  const std::string command = request.command.empty() ? "the shell" : request.command.front();
  if (answer.step == Step::kExec) throw explain_command(command, directory, answer.code);
  throw failure(answer,
                row(answer.step).doing + (answer.step == Step::kWorkdir ? " " + sys::escape(directory) : ""));
}

sys::Fd ask_for_socket(const sys::Fd& connection, const SocketRequest& request) {
  ask(connection, {.kind = Kind::kSocket, .code = kControlVersion, .payload = pack(request)});
  std::vector<sys::Fd> descriptors;
  const auto answer = hear(connection, &descriptors);
  if (answer.kind == Kind::kSocket && !descriptors.empty()) return std::move(descriptors.front());
  const bool listens = request.kind == SocketRequest::Kind::kListening;
  throw failure(answer, fmt::format("{} {} port {} in the shard", listens ? "listening on" : "connecting to",
                                    sys::escape(request.address), request.port));
}

void ask_who_listens(const sys::Fd& connection) {
  ask(connection, {.kind = Kind::kListening, .code = kControlVersion, .payload = {}});
}

std::vector<ns::Socket> hear_who_listens(const sys::Fd& connection) {
  const auto answer = hear(connection);
  if (answer.kind != Kind::kListening) throw failure(answer, "looking at the shard's ports");
  return unpack_listeners(answer.payload);
}

}  // namespace nslaunch::shard
