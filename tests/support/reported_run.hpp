#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

/// Runs in shards whose report goes to a file.
struct ReportedRun {
  RegistryView registry;
  TempDir directory;
  std::string path = directory / "report.json";

  Words words(const std::string& script, Words options = {}) const {
    options.push_back("--report-json=" + path);
    options.insert(options.end(), {"--", "bash", "-c", script});
    return nslaunch(std::move(options));
  }
  StartOptions options() const {
    auto options = registry.options();
    options.environment.push_back("PROBE=" + probe_binary());
    return options;
  }
  Result of(const std::string& script, Words more = {}) const {
    return run(words(script, std::move(more)), options());
  }
  nlohmann::json report() const { return nlohmann::json::parse(sys::read_file(path.c_str()).value_or("")); }
  /// Files in the directory.
  Words files() const {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      names.push_back(entry.path().filename());
    return names;
  }
};

}  // namespace nslaunch::test
