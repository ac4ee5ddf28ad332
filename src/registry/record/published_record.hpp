#pragma once

#include <nslaunch/registry.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// The launcher's own record: published under a lock that only the launcher holds, removed when
/// this goes out of scope.
class PublishedRecord {
 public:
  /// nullopt and a `problem` (one line for a warning) if the registry can't be used: that never stops a run.
  static std::optional<PublishedRecord> publish(const ShardRecord& record, std::string& problem);

  PublishedRecord(PublishedRecord&&) noexcept;
  PublishedRecord& operator=(PublishedRecord&&) noexcept;
  ~PublishedRecord();

  /// Replaces the record's text, atomically for every reader. If that fails (a full disk), the old text
  /// stays.
  void rewrite(const ShardRecord& record, ShardState state) noexcept;
  /// Overwrites the state in place (one existing byte: a full disk can't lose it).
  void set_state(ShardState state) noexcept;
  /// Creates the shard's control socket beside the record, accessible to its owner only. It does not listen
  /// yet: init does that (K46). Empty if it can't be created: the shard then has none.
  sys::Fd make_control_socket() noexcept;
  /// Removes the record, and the socket, now.
  void remove() noexcept;
  /// Releases the record without removing it (the shard's end could not be confirmed).
  void abandon() noexcept;
  /// The descriptors that it holds, for callers that close all others.
  int lock_fd() const noexcept { return file_.get(); }
  int directory_fd() const noexcept { return directory_.get(); }

 private:
  PublishedRecord(sys::Fd directory, sys::Fd file, std::string name);

  sys::Fd directory_;
  sys::Fd file_;
  std::string name_;
};

struct SweepLimits {
  std::size_t records = 64;  ///< that no launcher holds
  std::chrono::milliseconds time{5};
  std::size_t notes = 1024;  ///< likewise, about what was left outside the registry
  std::chrono::milliseconds time_for_notes{10'000};
};

/// Removes what dead launchers left, within the limits; every launch calls it. Never throws.
void sweep(const SweepLimits& limits = {}) noexcept;

}  // namespace nslaunch::registry
