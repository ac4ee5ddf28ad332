#include "bench/contestants.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/bundle.hpp"

namespace nslaunch::bench {
namespace {

namespace fs = std::filesystem;

Contestant from_file(const std::string& name, std::vector<std::string> prefix) {
  Contestant contestant{name, std::move(prefix), "", ""};
  if (access(contestant.prefix[0].c_str(), X_OK) != 0) contestant.skipped = "not built";
  return contestant;
}

Contestant from_path(const std::string& name, const std::vector<std::string>& options) {
  Contestant contestant{name, {name}, "", ""};
  if (const auto path = find_program(name))
    contestant.prefix[0] = *path;
  else
    contestant.skipped = "not installed";
  contestant.prefix.insert(contestant.prefix.end(), options.begin(), options.end());
  return contestant;
}

std::vector<Contestant> all_contestants(const Setup& setup, bool rootless, const fs::path& directory) {
  std::vector<std::string> unshare{"--net",  "--pid",        "--mount",     "--ipc",
                                   "--fork", "--mount-proc", "--kill-child"};
  if (rootless) unshare.insert(unshare.begin(), "--map-current-user");
  auto crun = from_path("crun", {"--root", directory / "state", "--cgroup-manager=disabled", "run",
                                 "--bundle", directory, "nslaunch-bench"});
  crun.bundle = directory;
  return {from_file("floor", {setup.floor}),
          from_file("nslaunch", {setup.nslaunch, "--"}),
          from_path("unshare", unshare),
          from_path("bwrap", {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent",
                              "--dev-bind", "/", "/", "--proc", "/proc", "--tmpfs", "/tmp"}),
          from_path("firejail", {"--quiet", "--noprofile", "--net=none", "--ipc-namespace", "--private-tmp",
                                 "--keep-fd=all"}),
          crun};
}

std::string first_line(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) return line;
  return "";
}

// It takes part if a command run by it sees another network namespace than ours.
std::string why_not(const Contestant& contestant, const Role& role) {
  const auto link = std::string("/proc/self/ns/net");
  const auto seen = capture(wrap(contestant, role, {require_program("readlink"), link}));
  if (seen.status != 0) {
    const auto said = first_line(seen.err.empty() ? seen.out : seen.err);
    return said.empty() ? "exit status " + std::to_string(seen.status) : said;
  }
  return first_line(seen.out) == fs::read_symlink(link) ? "no network namespace of its own" : "";
}

}  // namespace

std::vector<Contestant> find_contestants(const Setup& setup, const Role& role, const Scratch& scratch) {
  const bool rootless = geteuid() != 0 || role.account;
  auto contestants = all_contestants(setup, rootless, scratch.fresh_directory("crun", role.account));
  for (auto& contestant : contestants)
    if (contestant.skipped.empty()) contestant.skipped = why_not(contestant, role);
  return contestants;
}

std::vector<Contestant> find_contestants(const Setup& setup, const Role& role, const Scratch& scratch,
                                         const std::vector<std::string>& names) {
  auto contestants = find_contestants(setup, role, scratch);
  std::erase_if(contestants, [&](const Contestant& contestant) {
    return std::find(names.begin(), names.end(), contestant.name) == names.end();
  });
  return contestants;
}

Program wrap(const Contestant& contestant, const Role& role, const std::vector<std::string>& command) {
  auto argv = contestant.prefix;
  if (contestant.bundle.empty())
    argv.insert(argv.end(), command.begin(), command.end());
  else
    write_bundle(contestant.bundle, role.account, command);
  return {argv, role.account};
}

std::string require_program(const std::string& name) {
  if (const auto path = find_program(name)) return *path;
  throw std::runtime_error("no '" + name + "' in PATH");
}

}  // namespace nslaunch::bench
