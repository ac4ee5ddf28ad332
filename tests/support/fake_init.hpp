#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "registry/record/published_record.hpp"
#include "support/registry_scene.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A process that is recorded as a shard's init, and does with the control socket as it likes.
class FakeInit {
 public:
  /// Runs in that process, with the listening socket; it is killed at the end of the scope.
  using Serve = std::function<void(int listener)>;

  /// In `directory`, a registry's. Visible to everybody, and listening, when this returns.
  FakeInit(const std::string& directory, const std::string& id, const Serve& serve, int backlog = 16);

  pid_t pid() const { return process_->pid(); }

 private:
  std::unique_ptr<IdleProcess> process_;
  std::optional<registry::PublishedRecord> published_;
};

/// For a process of root's, in private mounts: becomes somebody and publishes a shard with that init, for as
/// long as it lives.
void publish_somebodys(const std::string& id, const FakeInit::Serve& serve);

/// Says nothing to anybody.
void say_nothing(int listener);
/// Sends each client these bytes as one message once it has asked, and waits until it leaves.
FakeInit::Serve answering(std::string bytes);
/// The same once it has answered the first question with `first`.
FakeInit::Serve answering(std::string first, std::string bytes);

}  // namespace nslaunch::test
