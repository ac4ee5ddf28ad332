#include "shard/launcher/forwarding.hpp"

#include <nslaunch/error.hpp>

#include <unistd.h>

#include <algorithm>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kServersAddress = "127.0.0.1";
/// Descriptors that connections leave to the launcher for its own needs.
constexpr rlim_t kReserved = 16;
/// Enough for what fits into the sockets. Leftover processes might send forever.
constexpr int kLastTurns = 16;

void check_address(const std::string& address) {
  if (!sys::is_address(address))
    throw UsageError(fmt::format("'{}' is no address in numbers", sys::escape(address)));
}

}  // namespace

Forwarding::Forwarding(const ShardSpec& spec, Limit limit) : spec_(spec), may_(limit) {
  for (const auto& service : spec.reach) {
    check_address(service.shard_address);
    check_address(service.host);
  }
  for (const auto& port : spec.publish) {
    check_address(port.host);
    published_.push_back(listen_outside(port, "--publish"));
  }
}

std::vector<std::string> Forwarding::chosen_ports() const {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < published_.size(); ++at) {
    const auto& port = spec_.publish[at];
    if (port.port != 0) continue;
    lines.push_back(fmt::format("{} leads to {} in the shard",
                                sys::endpoint_name(port.host, sys::port_of(published_[at])),
                                sys::endpoint_name(kServersAddress, port.shard_port)));
  }
  return lines;
}

void Forwarding::begin(RunningShard& shard, const Say& say) {
  if (spec_.publish.empty() && spec_.reach.empty()) return;
  if (may_ == Limit::kRaise) limit_.emplace(sys::kEveryDescriptor);
  forwarder_.emplace();
  control_ = std::move(shard.control);
  routes_in_.emplace(control_, shard.init_pid, "the shard", say);
  for (std::size_t at = 0; at < spec_.publish.size(); ++at) {
    forwarder_->add(
        routes_in_->to(kServersAddress, spec_.publish[at].shard_port, std::move(published_.at(at))));
  }
  for (std::size_t at = 0; at < spec_.reach.size(); ++at) {
    const auto user = spec_.user ? spec_.user->uid : ::geteuid();
    forwarder_->add(route_out(spec_.reach[at], std::move(shard.reach_listeners.at(at)), user, say));
  }
  published_.clear();
}

void Forwarding::handle_events() {
  if (!forwarder_) return;
  const rlim_t all = sys::descriptor_limit();
  const sys::DescriptorLimit reserving(all > 2 * kReserved ? all - kReserved : all);
  forwarder_->handle_events();
}

std::vector<int> Forwarding::descriptors() const {
  if (!forwarder_) return {};
  auto descriptors = forwarder_->descriptors();
  descriptors.push_back(control_.get());
  return descriptors;
}

void Forwarding::end() {
  if (!forwarder_) return;
  for (int turn = 0; turn < kLastTurns; ++turn) handle_events();
  forwarder_.reset();
  control_.reset();
  limit_.reset();
}

}  // namespace nslaunch::shard
