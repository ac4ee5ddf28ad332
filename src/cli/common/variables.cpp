#include "cli/common/variables.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/given_file.hpp>

#include <sstream>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

void add_variable(std::vector<std::string>& variables, const std::string& entry, const std::string& where) {
  const auto equals = entry.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError(fmt::format("{}: '{}' is not NAME=VALUE", where, sys::escape(entry)));
  }
  variables.push_back(entry);
}

void read_env_file(std::vector<std::string>& variables, const std::string& path, const std::string& option,
                   const UserIds* reader) {
  const std::string named = fmt::format("{} {}", option, sys::escape(path));
  std::istringstream file(read_given_file({path, "reading " + named}, reader));
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const auto where = fmt::format("{}, line {}", named, number);
    if (line.find('\0') != std::string::npos) throw UsageError(where + ": a variable can't hold a NUL byte");
    add_variable(variables, line, where);
  }
}

}  // namespace

void add_variables(std::vector<std::string>& variables, const Arguments& arguments, const UserIds* reader) {
  for (const auto& path : arguments.all("env-file"))
    read_env_file(variables, path, arguments.written("env-file"), reader);
  for (const auto& entry : arguments.all("env")) add_variable(variables, entry, arguments.written("env"));
}

}  // namespace nslaunch::cli
