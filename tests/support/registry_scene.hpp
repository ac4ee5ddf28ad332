#pragma once

#include <nslaunch/registry.hpp>

#include <functional>
#include <string>
#include <vector>

#include "registry/record/published_record.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::test {

/// A registry directory of the test's own, NSLAUNCH_STATE_DIR for as long as it lives.
class StateDir {
 public:
  StateDir();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;
  ~StateDir();

  /// The temporary directory around it, and the registry's, which nobody has made yet.
  const std::string& around() const { return around_.path(); }
  std::string path() const { return around_ / "state"; }
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  /// The names of all that is in the registry's directory, in order.
  std::vector<std::string> names() const;

 private:
  TempDir around_;
};

/// A forked process that calls `prepare` and then waits to be killed, which the end of the scope does.
class IdleProcess {
 public:
  /// Returns once it has prepared; fails the test where `prepare` threw.
  explicit IdleProcess(const std::function<void()>& prepare = [] {});
  IdleProcess(const IdleProcess&) = delete;
  IdleProcess& operator=(const IdleProcess&) = delete;
  ~IdleProcess();

  pid_t pid() const { return pid_; }
  const ProcessIdentity& identity() const { return identity_; }
  bool has_ended() const { return pidfd_.has_ended(); }
  /// Waits at most 20 s for its end and returns its wait status.
  int await_end();
  void kill();

 private:
  pid_t pid_ = 0;
  sys::Pidfd pidfd_;
  ProcessIdentity identity_;
  bool reaped_ = false;
};

/// The exit status of a child, or 128 and the signal that ended it.
int await_exit(pid_t child);

ProcessIdentity own_identity();
/// A record of a shard with this process as its launcher and no init.
ShardRecord make_record(const std::string& id);
/// Publishes or fails the test.
registry::PublishedRecord publish(const ShardRecord& record);
/// Leaves a record that nobody holds a lock on.
void leave_record(const ShardRecord& record);

/// A launcher that has published a shard with that init, which it serves until its process ends. `run_id`: of
/// the run that the shard belongs to.
void be_launcher(const std::string& id, const ProcessIdentity& init, const std::string& run_id = {},
                 bool fleet_member = false);
/// What signal_shard() throws; empty: nothing.
std::string error_of(const ShardEntry& entry, int signal);

std::vector<ShardEntry> list();
/// What a launch sweeps on a machine that gives it the time for all of it.
void sweep_unhurried();
/// "aaaa running, bbbb dead" for the whole registry of this user.
std::string states();

void write(const std::string& path, const std::string& content);
std::string read(const std::string& path);

/// in_new_namespaces with an empty tmpfs on /tmp and /run.
std::string in_private_mounts(const std::function<std::string()>& body);

}  // namespace nslaunch::test
