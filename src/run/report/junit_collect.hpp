#pragma once

#include <nslaunch/fleet_events.hpp>
#include <nslaunch/spec.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "run/report/junit_report.hpp"

namespace nslaunch::run {

/// Bytes of all files together, with their paths.
constexpr std::size_t kMostRead = std::size_t{256} << 20;

/// Device, inode and time of last change, in milliseconds since the epoch.
using FileVersion = std::tuple<dev_t, ino_t, std::int64_t>;

struct ReadFile {
  std::string path;
  int error = 0;  ///< an errno; 0: it was read; EFBIG: this and what follows is too much
  FileVersion version{};
  std::string text{};
};

/// Which files to read.
struct FileSearch {
  std::vector<std::pair<std::string, std::string>> places{};  ///< directory and pattern, for find_files()
  std::int64_t not_before = 0;                                ///< time of last change
  std::set<FileVersion> known{};                              ///< to be left out
};

/// Reads them as the command's user, where root collects: what the command has put there, links above all,
/// leads where that user may go, and no descriptor of it comes here (K54). It ends with the patience that we
/// have with that user, and when a signal is there that would end us. Throws Error.
std::vector<ReadFile> read_as_command(const ShardSpec& spec, const FileSearch& search);

/// Takes in the JUnit files that commands have written, each when its attempt has ended: the next attempt may
/// write over them.
class JunitCollector {
 public:
  /// Patterns as find_files() has them, with templates. `spec` must outlive it. Throws UsageError where one
  /// is the same for shards that run at once, and only their common working directory to be searched.
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
