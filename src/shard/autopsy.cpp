#include "shard/autopsy.hpp"

#include <sstream>

#include "inspect/account.hpp"
#include "shard/dump_signal.hpp"
#include "shard/users_folder.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"
#include "sys/values.hpp"

namespace nslaunch::shard {
namespace {

/// As the account's last part. It is not shortened for stderr, where a run of several shards shows it at its
/// end.
std::string last_output_of(const Hooks& hooks) {
  if (!hooks.last_output) return {};
  std::istringstream lines(hooks.last_output());
  std::string part = "\nlast output\n";
  for (std::string line; std::getline(lines, line);) part += "    " + sys::escape(line) + '\n';
  return part;
}

void give_account(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
                  Announcer& announcer) {
  const auto& spec = plan.spec;
  const auto* user = other_user(spec);
  const auto reader = user != nullptr ? std::optional(user->uid) : std::nullopt;
  const auto account = inspect::account_of({spec.id, spec.name, spec.command, init, reader}, why);
  for (auto& line : inspect::shortened(account)) announcer.announce(std::move(line));
  if (spec.artifacts.empty()) return;
  const auto name = fmt::format("autopsy-{}.txt", spec.id);
  const auto file = make_result(spec, plan.artifacts, name);
  if (const int error = sys::write_all(file.get(), account + last_output_of(hooks)); error != 0)
    throw Error(sys::errno_code(error), "writing " + name);
  announcer.announce(fmt::format("the whole account is in {}/{}", sys::escape(spec.artifacts), name));
}

bool ask_for_dumps(const Plan& plan, pid_t init, Announcer& announcer) try {
  const int signal = plan.spec.dump_signal;
  if (signal == 0) return false;
  const auto sent = send_dump_signal(init, signal, other_user(plan.spec));
  if (sent == 0) {
    announcer.announce(
        fmt::format("no process of the shard handles {}: it is not sent", sys::signal_name(signal)));
    return false;
  }
  announcer.announce(fmt::format("sent {} to {} that handle{} it, and wait {}", sys::signal_name(signal),
                                 sent == 1 ? "the process" : fmt::format("{} processes", sent),
                                 sent == 1 ? "s" : "", sys::format_duration(plan.spec.dump_grace)));
  return true;
} catch (const Error& error) {
  announcer.announce(
      fmt::format("{} is not sent: {}", sys::signal_name(plan.spec.dump_signal), error.what()));
  return false;
}

}  // namespace

bool examine_hang(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
                  Announcer& announcer) noexcept try {
  announcer.announce(why + ":");
  try {
    give_account(plan, init, why, hooks, announcer);
  } catch (const std::exception& error) {
    announcer.announce(fmt::format("the account of the hang is not complete: {}", sys::escape(error.what())));
  }
  return ask_for_dumps(plan, init, announcer);
} catch (...) {
  return false;  // out of memory: the command is ended all the same
}

}  // namespace nslaunch::shard
