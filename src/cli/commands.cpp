#include "cli/common/command.hpp"

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
