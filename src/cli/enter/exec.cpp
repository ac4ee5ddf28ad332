#include "cli/common/command.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/common/choose.hpp"
#include "cli/common/die.hpp"
#include "cli/common/users.hpp"
#include "cli/common/variables.hpp"
#include "cli/enter/exec_session.hpp"
#include "registry/record/control.hpp"
#include "shard/launcher/control_client.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

/// Init answers at once, unless it has been stopped.
constexpr std::chrono::seconds kAnswerLimit{3};

constexpr Option kOptions[] = {
    {"env", 'e', "NAME=VALUE", "set a variable for the command", true},
    {"env-file", 0, "FILE", "read variables from FILE, one per line", true},
    {"workdir", 'w', "DIR", "run the command in DIR (default: where the shard's command runs)"},
    kColorOption,
};

/// The user that the command will run as, if that is not the caller. Our own record states it; another user's
/// record could name anyone.
std::optional<UserIds> other_user_of(const ShardEntry& shard) {
  const auto& record = shard.record;
  const bool is_own = record.uid == ::geteuid();
  const auto user = is_own ? record.command_uid.value_or(record.uid) : record.uid;
  if (user == ::geteuid()) return std::nullopt;
  if (is_own && record.command_gid) return UserIds{user, *record.command_gid, record.command_groups};
  return ids_of(user);
}

shard::ProcessRequest request_of(const Arguments& arguments, const ShardEntry& shard,
                                 const std::optional<UserIds>& user, bool on_terminal) {
  shard::ProcessRequest request;
  if (arguments.has("workdir")) {
    request.directory = std::filesystem::path(shard.record.cwd) / arguments.text("workdir");
  }
  const char* terminal = std::getenv("TERM");
  if (on_terminal && terminal != nullptr) request.variables.push_back(std::string("TERM=") + terminal);
  add_variables(request.variables, arguments, user ? &*user : nullptr);
  request.command = arguments.command;
  return request;
}

int run(const Arguments& arguments) {
  if (arguments.positional.size() != 1) {
    throw UsageError(
        arguments.positional.empty() ? "which shard?" : "one shard at a time, and '--' before the command",
        "for example: nslaunch exec ID -- ps -ef");
  }
  const auto shard = choose_shards(arguments.positional).front();
  const auto user = other_user_of(shard);
  const sys::Deadline deadline(kAnswerLimit);
  auto connection = registry::Controls(deadline).connect(shard);
  std::optional<int> status;
  int given_up = 0;
  {
    ExecSession session(user ? std::optional(user->uid) : std::nullopt);
    const auto streams = session.streams();
    const shard::Wait wait{
        .deadline = deadline, .init = shard.record.init.pid, .signals = session.signals(), .gives_up = [&] {
          return (given_up = session.ending_signal()) != 0;
        }};
    try {
      shard::ask_for_process(connection, request_of(arguments, shard, user, streams.size() > 3),
                             shard.record.cwd, streams, wait);
      status = session.serve(std::move(connection), shard.record.init.pid);
      given_up = session.given_up();
    } catch (const shard::GivenUp&) {  // closing the connection cancels the request
    }
  }
  if (given_up != 0) {
    die_of(given_up);
    return status_of_signal(given_up);
  }
  if (!status) {
    sys::warn(fmt::format("shard {} has ended, and the command with it", sys::escape(shard.record.id)));
    return status_of_signal(SIGKILL);
  }
  if (!WIFSIGNALED(*status)) return WEXITSTATUS(*status);
  die_of(WTERMSIG(*status));
  return status_of_signal(WTERMSIG(*status));
}

}  // namespace

const Command& exec_command() {
  static constexpr Command kCommand{
      "exec",
      "exec [OPTIONS] ID|NAME [-- COMMAND [ARG...]]",
      "run a command (default: a shell) in a shard that runs",
      "nslaunch exec 0bad",
      [] { return std::span<const Option>(kOptions); },
      run,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
