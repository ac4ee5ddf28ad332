#pragma once

#include <nslaunch/fleet_events.hpp>
#include <nslaunch/spec.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "run/report/junit.hpp"

namespace nslaunch::run {

/// The cases that the commands themselves have reported, by attempt id.
using ReportedCases = std::map<std::string, std::vector<JunitCase>>;

/// Total bytes of all files, including their paths.
constexpr std::size_t kMostRead = std::size_t{256} << 20;

/// Device, inode and time of last change, in milliseconds since the epoch.
using FileVersion = std::tuple<dev_t, ino_t, std::int64_t>;

struct ReadFile {
  std::string path;
  int error = 0;  ///< an errno; 0: it was read; EFBIG: this and the rest exceed the limit
  FileVersion version{};
  std::string text{};
};

/// Which files to read.
struct FileSearch {
  std::vector<std::pair<std::string, std::string>> places{};  ///< directory and pattern, for find_files()
  std::int64_t not_before = 0;                                ///< time of last change
  std::set<FileVersion> known{};                              ///< to be skipped
};

/// Reads them as the command's user if root collects: what the command has put there, above all links, leads
/// only where that user may go, and none of its descriptors is received here (K54). Ends when the time limit
/// for that user has passed, or when a signal is pending that would end us. Throws Error.
std::vector<ReadFile> read_as_command(const ShardSpec& spec, const FileSearch& search);

/// Collects the JUnit files that commands have written, as soon as each attempt has ended: the next attempt
/// may overwrite them.
class JunitCollector {
 public:
  /// Patterns as for find_files(), with templates. `spec` must outlive it. Throws UsageError if a pattern is
  /// the same for shards that run at once and only their common working directory would be searched.
  JunitCollector(const FleetSpec& spec, std::vector<std::string> patterns);
  void attempt_ended(const AttemptEnded& event);

  const ReportedCases& cases() const noexcept { return cases_; }

 private:
  bool is_own(const std::string& pattern) const;
  FileSearch search_for(const PartResult& part, const Attempt& attempt) const;
  void take(const ReadFile& file, const Attempt& attempt, JunitRoom& room);

  const FleetSpec& spec_;
  std::vector<std::string> patterns_;
  std::set<FileVersion> taken_;
  ReportedCases cases_;
};

}  // namespace nslaunch::run
