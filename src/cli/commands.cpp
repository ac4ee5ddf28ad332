#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/doctor.hpp"
#include "cli/exec.hpp"
#include "cli/help.hpp"
#include "cli/inspect.hpp"
#include "cli/kill.hpp"
#include "cli/list.hpp"
#include "cli/merge_reports.hpp"
#include "cli/port_forward.hpp"
#include "cli/ports.hpp"
#include "cli/reap.hpp"
#include "cli/run_command.hpp"
#include "cli/wait.hpp"

namespace nslaunch::cli {

std::span<const Command> commands() {
  static const Command table[] = {run_command(),           list_command(),   inspect_command(),
                                  ports_command(),         exec_command(),   port_forward_command(),
                                  kill_command(),          wait_command(),   reap_command(),
                                  merge_reports_command(), doctor_command(), completion_command(),
                                  help_command(),          version_command()};
  return table;
}

}  // namespace nslaunch::cli
