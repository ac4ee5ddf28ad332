#pragma once

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "chaos/volley.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

inline std::string mounts() {
  return sys::read_file("/proc/self/mountinfo", 16 << 20).value_or("");
}

inline Words files_named(const std::string& directory, const std::string& text) {
  Words found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().find(text) != std::string::npos) found.push_back(entry.path());
  }
  return found;
}

/// One live shard that nothing may touch, victims beside it, and how to see that nothing is left.
struct Battlefield {
  RegistryView registry;
  TempDir host_tmp;
  std::string mark = unique_text();
  sys::Pipe silence = sys::make_pipe();
  std::string mounts_before = mounts();
  std::mt19937_64 random = chaos_random();
  Process bystander{in_shard("echo up; read line; exit 9"), registry.options()};
  Words bystander_id;

  Battlefield() {
    bystander.read_line();
    bystander_id = registry.ids();
    REQUIRE(bystander_id.size() == 1);
  }

  /// A shard whose processes, one of them deaf, read an input that never ends and leave a file in /tmp;
  /// all have the mark in their command line.
  std::unique_ptr<Process> victim(const std::string& script = "echo up; read line", Words options = {}) {
    auto start = registry.options();
    start.environment.push_back("TMPDIR=" + host_tmp.path());
    start.prepare = [this] { ::dup2(silence.read.get(), STDIN_FILENO); };
    options.insert(
        options.end(),
        {"--", "sh", "-c",
         "exec 3<&0; (trap '' TERM INT HUP; read line <&3) & : >/tmp/" + mark + "; " + script, mark});
    return std::make_unique<Process>(nslaunch(std::move(options)), start);
  }

  std::chrono::microseconds within(int limit) {
    return std::chrono::microseconds(std::uniform_int_distribution<int>(0, limit)(random));
  }

  void require_nothing_left() {
    REQUIRE(all_gone(mark));
    REQUIRE(eventually([&] { return mounts() == mounts_before; }));
    REQUIRE(files_named("/tmp", mark) == Words{});
    REQUIRE(files_named(host_tmp.path(), "") == Words{});
    registry.reap();
    REQUIRE(registry.ids() == bystander_id);
    REQUIRE(registry.state(bystander_id.front()) == "running");
  }

  void require_bystander_unharmed() {
    bystander.write_input("\n");
    REQUIRE(bystander.wait().status == 9);
    REQUIRE(registry.ids() == Words{});
  }

  void require_no_file() {
    registry.reap();
    REQUIRE(registry.files() == Words{});
  }
};

}  // namespace nslaunch::test
