#pragma once

#include <string>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

/// Runs with reports in a directory of their own, which is their working directory, outside of any CI job.
struct Reported {
  RegistryView registry;
  TempDir directory;

  Words words(const std::string& script, Words options) const {
    options.insert(options.begin(), "run");
    options.insert(options.end(), {"--", "bash", "-c", script});
    return nslaunch(options);
  }
  StartOptions options(const Words& environment = {}) const {
    auto with = registry.options();
    with.directory = directory.path();
    for (const auto* variable : {"GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_STEP_SUMMARY"})
      with.environment.emplace_back(variable);
    with.environment.insert(with.environment.end(), environment.begin(), environment.end());
    return with;
  }
  Result of(const std::string& script, Words options, const Words& environment = {}) const {
    return run(words(script, std::move(options)), this->options(environment));
  }
  std::string text(const std::string& name) const {
    return sys::read_file((directory / name).c_str(), std::size_t{1} << 24).value_or("");
  }
};

/// Writes a JUnit file with one case of this name into the directory.
inline std::string writes_junit(const std::string& directory, const std::string& name) {
  return "mkdir -p " + directory + " && echo '<testsuite name=\"s\"><testcase name=\"" + name +
         "\"/></testsuite>' >" + directory + "/r.xml";
}

}  // namespace nslaunch::test
