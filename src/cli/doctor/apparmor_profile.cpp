#include "cli/doctor/apparmor_profile.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <filesystem>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr const char* kProfile =
    R"(# Lets ordinary users have shards where AppArmor gives unprivileged user namespaces no rights
# (kernel.apparmor_restrict_unprivileged_userns=1, as on Ubuntu 24.04). It is for AppArmor 4 and later. To load it:
#   nslaunch doctor --apparmor-profile | sudo tee /etc/apparmor.d/nslaunch
#   sudo apparmor_parser -r /etc/apparmor.d/nslaunch
# It goes by the program's path: one that is installed elsewhere needs a profile of its own.

abi <abi/4.0>,
include <tunables/global>

profile nslaunch "{}" flags=(unconfined) {{
  userns,

  include if exists <local/nslaunch>
}}
)";

bool is_control(char letter) {
  return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
}

/// The path as a pattern that matches only this path (apparmor.d(5), "Globbing").
std::string as_pattern(const std::string& path) {
  constexpr std::string_view kSpecial = "\\\"*?[]{}^@";
  std::string pattern;
  for (const char letter : path) {
    if (kSpecial.find(letter) != std::string_view::npos) pattern += '\\';
    pattern += letter;
  }
  return pattern;
}

}  // namespace

std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error(error, "looking for the path of this program", "It needs a /proc.");
  if (!std::filesystem::exists(path, error)) {
    throw Error(std::make_error_code(std::errc::no_such_file_or_directory),
                fmt::format("looking for the path of this program ({})", sys::escape(path.string())),
                "A profile goes by the path: install nslaunch first.");
  }
  return path;
}

std::string apparmor_profile(const std::string& path) {
  if (std::any_of(path.begin(), path.end(), is_control)) {
    throw Error({},
                fmt::format("{} has control characters, which can't stand in a profile", sys::escape(path)),
                "Install nslaunch under another path.");
  }
  return fmt::format(fmt::runtime(kProfile), as_pattern(path));
}

}  // namespace nslaunch::cli
