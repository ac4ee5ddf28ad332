#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/run.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include "shard/diagnose/explain.hpp"
#include "shard/plan/environment.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch {

void execute_directly(const ShardSpec& spec) {
  if (spec.command.empty()) throw UsageError("no command was given");
  if (!spec.workdir.empty() && ::chdir(spec.workdir.c_str()) != 0) {
    throw Error({errno, std::system_category()}, fmt::format("changing to {}", sys::escape(spec.workdir)));
  }
  std::vector<char*> arguments;
  for (const auto& text : spec.command) arguments.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  auto environment = spec.environment;
  shard::set_variables(environment, spec.variables);
  shard::set_variable(environment, "NSLAUNCH_ISOLATION", "none");
  std::vector<char*> entries;
  for (const auto& entry : environment) entries.push_back(const_cast<char*>(entry.c_str()));
  entries.push_back(nullptr);
  char** const own_environment = environ;
  environ = entries.data();  // execvp searches its PATH
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  environ = own_environment;
  throw shard::explain_command(spec.command.front(), error, ::access(arguments[0], F_OK) == 0);
}

}  // namespace nslaunch
