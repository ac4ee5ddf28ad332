#include <nslaunch/client.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "registry/record/control.hpp"
#include "run/client/exec_session.hpp"
#include "run/single/caller.hpp"
#include "shard/launcher/control_client.hpp"
#include "sys/process/accounts.hpp"

namespace nslaunch {
namespace {

/// Init answers at once, unless it has been stopped.
constexpr std::chrono::seconds kExecLimit{3};

shard::ProcessRequest request_of(const ShardCommand& wanted, const ShardRecord& record, bool on_terminal) {
  shard::ProcessRequest request{.directory = {}, .variables = {}, .command = wanted.command};
  if (!wanted.workdir.empty()) request.directory = std::filesystem::path(record.cwd) / wanted.workdir;
  const char* terminal = std::getenv("TERM");
  if (on_terminal && terminal != nullptr) request.variables.push_back(std::string("TERM=") + terminal);
  request.variables.insert(request.variables.end(), wanted.variables.begin(), wanted.variables.end());
  return request;
}

ExecEnd end_of(const std::optional<int>& wait_status) {
  if (!wait_status) return {.term_signal = SIGKILL, .shard_ended = true};
  if (WIFSIGNALED(*wait_status)) return {.term_signal = WTERMSIG(*wait_status)};
  return {.exit_status = WEXITSTATUS(*wait_status)};
}

/// Our own record states it; another user's record could name anyone.
std::optional<uid_t> other_uid(const ShardRecord& record) {
  const bool is_own = record.uid == ::geteuid();
  const auto user = is_own ? record.command_uid.value_or(record.uid) : record.uid;
  return user == ::geteuid() ? std::nullopt : std::optional(user);
}

}  // namespace

std::optional<UserIds> exec_user(const ShardEntry& shard) {
  const auto& record = shard.record;
  const auto user = other_uid(record);
  if (!user) return std::nullopt;
  const bool is_own = record.uid == ::geteuid();
  if (is_own && record.command_gid) return UserIds{*user, *record.command_gid, record.command_groups};
  const auto groups = sys::groups_of_user(*user);
  return UserIds{*user, groups.gid, groups.all};
}

ExecEnd exec_in_shard(const ShardEntry& shard, const ShardCommand& command, const Messages& messages) {
  run::refuse_threads("exec_in_shard()");
  const auto& record = shard.record;
  const sys::Deadline deadline(kExecLimit);
  auto connection = registry::Controls(deadline).connect(shard);
  run::ExecSession session(other_uid(record), [&](std::string_view line) {
    if (messages.warning) messages.warning(line);
  });
  const auto streams = session.streams();
  int given_up = 0;
  const shard::Wait wait{
      .deadline = deadline, .init = record.init.pid, .signals = session.signals(), .gives_up = [&] {
        return (given_up = session.ending_signal()) != 0;
      }};
  try {
    shard::ask_for_process(connection, request_of(command, record, streams.size() > 3), record.cwd, streams,
                           wait);
    const auto wait_status = session.serve(std::move(connection), record.init.pid);
    given_up = session.given_up();
    if (given_up == 0) return end_of(wait_status);
  } catch (const shard::GivenUp&) {  // closing the connection cancels the request
  }
  return {.given_up = given_up};
}

}  // namespace nslaunch
