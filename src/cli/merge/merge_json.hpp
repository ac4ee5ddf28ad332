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
  /// What is missing or inconsistent, one sentence each.
  std::vector<std::string> problems;
};

/// Merges documents of --report-json, of runs of one shard or several, into one of a run of several. Throws
/// Error if one is no such document.
MergedJson merge_json(const std::vector<ReadReport>& reports);

}  // namespace nslaunch::cli
