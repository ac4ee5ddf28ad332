#include "support/report_writers.hpp"

namespace nslaunch::test {

std::vector<Writer> report_writers() {
  const auto of_shards = [](const char* option) {
    return Writer{option, [option](const std::string& path) {
                    return nslaunch({"run", "--shards=2", option, path, "--", "echo", "ran"});
                  }};
  };
  auto bazel = Writer{"TEST_SHARD_STATUS_FILE",
                      [](const std::string&) {
                        return nslaunch({"--shard=auto", "--", "echo", "ran"});
                      },
                      {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=0"}};
  return {{"--report-json",
           [](const std::string& path) {
             return nslaunch({"--report-json", path, "--", "echo", "ran"});
           }},
          of_shards("--report-json"),
          of_shards("--report-junit"),
          of_shards("--joblog"),
          bazel};
}

StartOptions options_of(const Writer& writer, const ReportedRun& run) {
  auto options = run.options();
  for (const auto& variable : writer.environment) options.environment.push_back(variable);
  options.environment.push_back("TEST_SHARD_STATUS_FILE=" + run.path);
  return options;
}

}  // namespace nslaunch::test
