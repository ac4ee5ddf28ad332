#include "cli/common/command.hpp"

#include <nslaunch/client.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include "cli/common/choose.hpp"
#include "cli/common/die.hpp"
#include "cli/common/variables.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kExecOptions[] = {
    {"env", 'e', "NAME=VALUE", "set a variable for the command", true},
    {"env-file", 0, "FILE", "read variables from FILE, one per line", true},
    {"workdir", 'w', "DIR", "run the command in DIR (default: where the shard's command runs)"},
    kColorOption,
};

int run_exec(const Arguments& arguments) {
  if (arguments.positional.size() != 1) {
    throw UsageError(
        arguments.positional.empty() ? "which shard?" : "one shard at a time, and '--' before the command",
        "for example: nslaunch exec ID -- ps -ef");
  }
  const auto shard = choose_shards(arguments.positional).front();
  ShardCommand command{
      .command = arguments.command, .variables = {}, .workdir = arguments.text("workdir", "")};
  const auto user = exec_user(shard);
  add_variables(command.variables, arguments, user ? &*user : nullptr);
  Messages messages;
  messages.warning = sys::warn;
  const auto end = exec_in_shard(shard, command, messages);
  if (end.shard_ended) {
    sys::warn(fmt::format("shard {} has ended, and the command with it", sys::escape(shard.record.id)));
    return status_of_signal(end.term_signal);
  }
  const int signal = end.given_up != 0 ? end.given_up : end.term_signal;
  if (signal == 0) return end.exit_status;
  die_of(signal);
  return status_of_signal(signal);
}

}  // namespace

const Command& exec_command() {
  static constexpr Command kCommand{
      "exec",
      "exec [OPTIONS] ID|NAME [-- COMMAND [ARG...]]",
      "run a command (default: a shell) in a shard that runs",
      "nslaunch exec 0bad",
      [] { return std::span<const Option>(kExecOptions); },
      run_exec,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
