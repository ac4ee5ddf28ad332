#include "support/launch_scene.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>

#include "support/identity.hpp"
#include "support/overlays.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

std::string mounts() {
  return sys::read_file("/proc/self/mountinfo", 16 << 20).value_or("");
}

}  // namespace

LaunchScene::LaunchScene() {
  fs::create_directories(directory_ / "kept");
  fs::create_directories(directory_ / "private");
  fs::create_directories(directory_ / "overlay");
  files_before_ = files();
}

bool LaunchScene::takes(shard::Step step) const {
  if (step == shard::Step::kOverlay) return overlays_are_had();
  const bool needs_root = step == shard::Step::kUserNamespace || step == shard::Step::kUser;
  return ::geteuid() == 0 || !needs_root;
}

Words LaunchScene::words(Words more_options) const {
  Words all = {"--keep",     directory_.path(),
               "--private",  directory_ / "private",
               "--hostname", "scene",
               "--workdir",  directory_ / "kept",
               "--reach",    "5432=127.0.0.1:1",
               "--pcap",     directory_ / "run.pcap:on-failure"};
  if (takes(shard::Step::kOverlay)) all.insert(all.end(), {"--overlay", directory_ / "overlay"});
  if (takes(shard::Step::kUser)) all.insert(all.end(), {"--user", "0:0"});
  all.insert(all.end(), more_options.begin(), more_options.end());
  return in_shard("echo \"$NSLAUNCH_ISOLATION\" > ran # " + mark_, all);
}

StartOptions LaunchScene::options(const shard::StepRow& step, const std::string& fault) const {
  auto options = state_.options();
  options.environment.push_back(fmt::format("NSLAUNCH_FAULT={}:{}", step.name, fault));
  if (step.step == shard::Step::kUserNamespace) {
    options.prepare = [] {
      if (::prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN) != 0) ::_exit(97);
    };
  }
  return options;
}

bool LaunchScene::command_has_run() const {
  return fs::exists(directory_ / "kept/ran");
}

std::set<std::string> LaunchScene::files() const {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) names.insert(entry.path());
  return names;
}

std::string LaunchScene::leftovers() const {
  std::string left;
  if (!all_processes_gone()) left += "processes; ";
  for (const auto& name : state_.files()) left += "state/" + name + "; ";
  for (const auto& name : files()) {
    if (!files_before_.contains(name)) left += name + "; ";
  }
  if (mounts().find(directory_.path()) != std::string::npos) left += "a mount; ";
  return left;
}

}  // namespace nslaunch::test
