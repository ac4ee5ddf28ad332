#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/identity.hpp"
#include "support/pcap_file.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// Runs that write `file`; the script has the probe in $PROBE.
struct CaptureScene {
  RegistryView registry;
  TempDir directory;
  std::string file = directory / "run.pcap";

  StartOptions options() const {
    auto options = registry.options();
    options.environment.push_back("PROBE=" + probe_binary());
    return options;
  }
  /// The end of a run of `script`; `mode` is what follows the file's name.
  Result of(const std::string& script, const std::string& mode = {}, Words more = {}) const {
    more.push_back("--pcap=" + file + mode);
    return run(in_shard(script, std::move(more)), options());
  }
  std::vector<Packet> packets() const { return read_pcap(file); }
  std::vector<std::string> payloads() const {
    std::vector<std::string> texts;
    for (const auto& packet : packets()) texts.push_back(packet.payload);
    return texts;
  }
  /// What is in the file's directory.
  Words files() const {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      names.push_back(entry.path().filename());
    return names;
  }
};

/// A script that runs what its input says, a line each, and answers each with its status.
inline const std::string kObey = "while read -r line; do eval \"$line\"; echo $?; done";

}  // namespace nslaunch::test
