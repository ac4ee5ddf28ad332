#include "cli/common/command.hpp"
#include "cli/common/help.hpp"
#include "cli/complete/completion.hpp"
#include "cli/doctor/doctor.hpp"
#include "cli/end/kill.hpp"
#include "cli/end/reap.hpp"
#include "cli/end/wait.hpp"
#include "cli/enter/exec.hpp"
#include "cli/enter/port_forward.hpp"
#include "cli/look/inspect.hpp"
#include "cli/look/list.hpp"
#include "cli/look/ports.hpp"
#include "cli/merge/merge_reports.hpp"
#include "cli/run/run_command.hpp"

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
