#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shard/launcher/port_routes.hpp"
#include "shard/launcher/running_shard.hpp"
#include "sys/base/fd.hpp"
#include "sys/io/forwarder.hpp"

namespace nslaunch::shard {

/// Forwards the ports of the spec's `publish` and `reach`, from before the launch until the shard's end. It
/// runs in the launcher's one thread: nothing of it can outlive the launcher.
class Forwarding {
 public:
  /// Whether the process's own limit on descriptors may be raised while it forwards.
  enum class Limit { kRaise, kKeep };

  /// Listens outside. Throws UsageError, or Error if a port is not available. Makes nothing for a spec that
  /// requests nothing.
  explicit Forwarding(const ShardSpec& spec, Limit limit = Limit::kRaise);

  /// Which port was chosen for each published port 0, as text.
  std::vector<std::string> chosen_ports() const;

  /// Starts to forward, with the sockets that the launch has made.
  void begin(RunningShard& shard, const Say& say);
  /// To be polled for reading; -1 if there is nothing to forward.
  int fd() const noexcept { return forwarder_ ? forwarder_->fd() : -1; }
  /// There is more to do, whatever fd() says.
  bool busy() const noexcept { return forwarder_ && forwarder_->busy(); }
  /// Does what there is to do, without waiting.
  void handle_events();
  /// What must stay open in the launcher.
  std::vector<int> descriptors() const;
  /// Passes on what has arrived, as far as the clients take it, and closes everything.
  void end();

 private:
  const ShardSpec& spec_;
  std::vector<sys::Fd> published_;  ///< listening, until begin()
  sys::Fd control_;
  Limit may_;
  std::optional<sys::DescriptorLimit> limit_;
  std::optional<PortRoutes> routes_in_;
  std::optional<sys::Forwarder> forwarder_;
};

}  // namespace nslaunch::shard
