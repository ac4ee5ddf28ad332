#include "shard/supervise/hang_reporter.hpp"

#include <sstream>

#include "inspect/hang/hang_report.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/supervise/dump_signal.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::shard {
namespace {

/// The report's last part, in the file only: a run of several shards shows it on stderr at its end.
std::string last_output_of(const Hooks& hooks) {
  if (!hooks.last_output) return {};
  std::istringstream lines(hooks.last_output());
  std::string part = "\nlast output\n";
  for (std::string line; std::getline(lines, line);) part += "    " + sys::escape(line) + '\n';
  return part;
}

/// True if any process has got it.
bool send_dumps(const Plan& plan, pid_t init, Announcer& announcer) {
  const auto name = sys::signal_name(plan.spec.dump_signal);
  const auto sent = send_dump_signal(init, plan.spec.dump_signal, other_user(plan.spec));
  if (sent == 0) {
    announcer.announce(fmt::format("no process of the shard handles {}: it is not sent", name));
    return false;
  }
  announcer.announce(fmt::format("sent {} to {} that handle{} it, and wait {}", name,
                                 sent == 1 ? "the process" : fmt::format("{} processes", sent),
                                 sent == 1 ? "s" : "", sys::format_duration(plan.spec.dump_grace)));
  return true;
}

}  // namespace

HangReporter::HangReporter(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
                           Announcer& announcer)
    : plan_(plan), init_(init), hooks_(hooks), announcer_(announcer) {
  announcer.announce(why + ":");
  const auto& spec = plan.spec;
  const auto* user = other_user(spec);
  const auto reader = user != nullptr ? std::optional(user->uid) : std::nullopt;
  try {
    report_.emplace(inspect::Subject{spec.id, spec.name, spec.command, init, reader}, why);
  } catch (const std::exception& error) {
    announcer.announce(fmt::format("the hang report can't be given: {}", sys::escape(error.what())));
  }
}

bool HangReporter::is_over() {
  return !report_ || report_->is_over();
}

void HangReporter::show() noexcept try {
  try {
    if (report_) show_report();
  } catch (const std::exception& error) {
    announcer_.announce(fmt::format("the hang report is not complete: {}", sys::escape(error.what())));
  }
} catch (...) {  // out of memory: the command is ended all the same
}

void HangReporter::show_report() {
  const auto& spec = plan_.spec;
  const auto report = report_->text();
  for (auto& line : inspect::shortened(report)) announcer_.announce(std::move(line));
  if (spec.artifacts.empty()) return;
  const auto name = fmt::format("autopsy-{}.txt", spec.id);
  const auto file = make_result(spec, plan_.artifacts, name);
  if (const int error = sys::write_all(file.get(), report + last_output_of(hooks_)); error != 0)
    throw Error(sys::errno_code(error), "writing " + name);
  announcer_.announce(fmt::format("the whole hang report is in {}/{}", sys::escape(spec.artifacts), name));
}

bool HangReporter::ask_for_dumps() noexcept try {
  const int signal = plan_.spec.dump_signal;
  if (signal == 0) return false;
  try {
    return send_dumps(plan_, init_, announcer_);
  } catch (const Error& error) {
    announcer_.announce(fmt::format("{} is not sent: {}", sys::signal_name(signal), error.what()));
    return false;
  }
} catch (...) {
  return false;  // out of memory, as above
}

}  // namespace nslaunch::shard
