#include "cli/variables.hpp"

#include <nslaunch/error.hpp>

#include <cerrno>
#include <fstream>

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

void add_variable(std::vector<std::string>& variables, const std::string& entry, const std::string& where) {
  const auto equals = entry.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError(fmt::format("{}: '{}' is not NAME=VALUE", where, sys::escape(entry)));
  }
  variables.push_back(entry);
}

/// As it comes, from a pipe too.
void read_env_file(std::vector<std::string>& variables, const std::string& path, const std::string& option) {
  const std::string named = fmt::format("{} {}", option, sys::escape(path));
  const std::string doing = "reading " + named;
  std::ifstream file(path);
  if (!file) throw Error({errno, std::system_category()}, doing);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const auto where = fmt::format("{}, line {}", named, number);
    if (line.find('\0') != std::string::npos) throw UsageError(where + ": a variable can't hold a NUL byte");
    add_variable(variables, line, where);
  }
  if (file.bad()) throw Error({errno, std::system_category()}, doing);
}

}  // namespace

void add_variables(std::vector<std::string>& variables, const Arguments& arguments) {
  for (const auto& path : arguments.all("env-file"))
    read_env_file(variables, path, arguments.written("env-file"));
  for (const auto& entry : arguments.all("env")) add_variable(variables, entry, arguments.written("env"));
}

}  // namespace nslaunch::cli
