#include "cli/lent_rights.hpp"

#include <sys/auxv.h>
#include <sys/stat.h>
#include <nslaunch/error.hpp>

#include <filesystem>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

std::string own_file() {
  std::error_code unknown;
  const auto file = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "FILE" : sys::shell_quote({file.string()});
}

bool is_set_id() {
  struct stat status = {};
  return ::stat("/proc/self/exe", &status) != 0 || (status.st_mode & (S_ISUID | S_ISGID)) != 0;
}

}  // namespace

void refuse_lent_rights() {
  if (::getauxval(AT_SECURE) == 0) return;
  const bool set_id = is_set_id();
  throw Error({},
              fmt::format("this copy of nslaunch gives whoever starts it rights that they lack ({}): refused",
                          set_id ? "it is set-user-id or set-group-id" : "it has file capabilities"),
              fmt::format("It needs none of its own. Take them away: {} {}",
                          set_id ? "chmod ug-s" : "setcap -r", own_file()));
}

}  // namespace nslaunch::cli
