#include "bench/bundle.hpp"

#include <unistd.h>

#include <fstream>

namespace nslaunch::bench {
namespace {

// The benchmark's commands need no escaping.
std::string quoted(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "\"" : ",\"") + word + "\"";
  return "[" + list + "]";
}

std::string mapping(const std::string& name, unsigned id) {
  const auto text = std::to_string(id);
  return ",\"" + name + "\":[{\"containerID\":" + text + ",\"hostID\":" + text + ",\"size\":1}]";
}

std::string bind(const std::string& directory) {
  return R"({"destination":")" + directory + R"(","source":")" + directory + R"(","options":["rbind"]})";
}

std::string temporary(const std::string& directory) {
  return R"({"destination":")" + directory + R"(","type":"tmpfs","source":"tmpfs","options":["nosuid"]})";
}

// A runtime makes devices and mount points in the root it is given, so that is never the host's.
void make_root(const std::filesystem::path& root, const std::string& command_directory) {
  for (const auto& directory : {std::string("usr"), std::string("proc"), std::string("tmp"),
                                std::string("dev"), command_directory.substr(1)})
    std::filesystem::create_directories(root / directory);
  for (const std::string name : {"bin", "lib", "lib64"}) {
    std::error_code there_already;
    std::filesystem::create_symlink("usr/" + name, root / name, there_already);
  }
}

}  // namespace

void write_bundle(const std::filesystem::path& directory, const std::optional<Account>& account,
                  const std::vector<std::string>& command) {
  const auto uid = account ? account->uid : geteuid();
  const auto gid = account ? account->gid : getegid();
  const std::string command_directory = std::filesystem::path(command[0]).parent_path();
  make_root(directory / "rootfs", command_directory);
  std::ofstream file(directory / "config.json");
  file << R"({"ociVersion":"1.0.0","process":{"cwd":"/","env":["PATH=/usr/bin:/bin"],"args":)"
       << quoted(command) << R"(,"user":{"uid":)" << uid << R"(,"gid":)" << gid << "}},"
       << R"("root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},)"
       << temporary("/tmp") << "," << temporary("/dev") << "," << bind("/usr") << ","
       << bind(command_directory)
       << R"(],"linux":{"namespaces":[{"type":"network"},{"type":"pid"},{"type":"mount"},{"type":"ipc"})";
  if (uid == 0)
    file << "]}}";
  else
    file << R"(,{"type":"user"}])" << mapping("uidMappings", uid) << mapping("gidMappings", gid) << "}}";
}

}  // namespace nslaunch::bench
