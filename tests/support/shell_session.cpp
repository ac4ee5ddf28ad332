#include "support/shell_session.hpp"

#include <fstream>
#include <stdexcept>

#include "support/identity.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

StartOptions options(const TempDir& records, const TempDir& directory) {
  StartOptions options;
  options.directory = directory.path();
  options.environment = {"NSLAUNCH_STATE_DIR=" + records.path(),
                         "PS1=<$?>READY ",
                         "TERM=dumb",
                         "HISTFILE=",
                         "PATH=/usr/bin:/bin",
                         "N=" + nslaunch_binary(),
                         "P=" + probe_binary(),
                         "D=" + directory.path(),
                         "PROMPT_COMMAND"};
  return options;
}

}  // namespace

ShellSession::ShellSession(PtySession::Size size)
    : terminal_({"bash", "--norc", "--noprofile", "-i"}, options(records_, directory_), size) {
  expect_prompt(0);
}

void ShellSession::expect_prompt(int status) {
  const auto seen = terminal_.read_until(">READY ");
  const auto shown = seen.substr(seen.rfind('<') + 1);
  if (shown != std::to_string(status)) {
    throw std::runtime_error("the prompt tells of status " + shown + ", not " + std::to_string(status) +
                             "; before it: " + seen);
  }
}

std::string ShellSession::read_between(const std::string& before, const std::string& after) {
  terminal_.expect(before);
  return terminal_.read_until(after);
}

pid_t ShellSession::read_pid(const std::string& before) {
  return std::stoi(read_between(before, "\r\n"));
}

bool ShellSession::has_foreground(pid_t group) {
  return eventually([&] {
    // A shell's fg hands the terminal over first and continues the job then: a Ctrl-Z in between is lost.
    const auto leader = sys::read_stat(group);
    return terminal_.foreground_group() == group && leader && leader->state != 'T';
  });
}

void ShellSession::write(const std::string& name, const std::string& text) const {
  std::ofstream(directory_ / name) << text;
}

}  // namespace nslaunch::test
