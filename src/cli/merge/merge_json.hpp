#pragma once

#include <string>
#include <vector>

namespace nslaunch::cli {

struct ReadReport {
  std::string path;
  std::string text;
};

struct MergedJson {
  std::string text;
  /// What is missing or does not fit together, a sentence each.
  std::vector<std::string> problems;
};

/// Documents of --report-json, of runs of one shard or several, as one of a run of several. Throws Error
/// where one is no such document.
MergedJson merge_json(const std::vector<ReadReport>& reports);

}  // namespace nslaunch::cli
