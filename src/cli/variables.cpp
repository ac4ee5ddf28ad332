#include "cli/variables.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "sys/check.hpp"
#include "sys/files.hpp"
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

void read_env_file(std::vector<std::string>& variables, const std::string& path) {
  const auto content = sys::read_file(path.c_str(), 16 << 20);
  if (!content)
    throw Error({errno, std::system_category()}, fmt::format("reading --env-file {}", sys::escape(path)));
  std::string_view rest(*content);
  for (int line = 1; !rest.empty(); ++line) {
    auto text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty() || text.starts_with('#')) continue;
    add_variable(variables, std::string(text),
                 fmt::format("--env-file {}, line {}", sys::escape(path), line));
  }
}

}  // namespace

void add_variables(std::vector<std::string>& variables, const Arguments& arguments) {
  for (const auto& path : arguments.all("env-file")) read_env_file(variables, path);
  for (const auto& entry : arguments.all("env")) add_variable(variables, entry, "--env");
}

}  // namespace nslaunch::cli
