#pragma once

#include <nslaunch/fleet_events.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "run/report/marks.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::run {

/// A group in GitHub's log if the attempt passed: groups are collapsed, and a failure must be visible.
Marks github_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

/// Workflow commands, one per line: an error for each part that failed, a warning for each that was flaky or
/// leaked; of each kind as many as GitHub shows per step.
std::string github_annotations(const FleetResult& result, const FleetSpec& spec);

/// Markdown for the job's page, at most `most` bytes: a table of all parts, failed parts first.
std::string github_summary(const FleetResult& result, const FleetSpec& spec, std::size_t most);

/// Reports to GitHub at the end of the fleet: annotations on stderr, and the step's summary.
class GithubReport : public FleetObserver {
 public:
  /// `summary`: GITHUB_STEP_SUMMARY, opened before anything runs, so that another process can't redirect the
  /// path later. Empty: there is none to write. `spec` must outlive it.
  GithubReport(const FleetSpec& spec, std::string summary);
  /// Descriptors that must stay open until the end of the fleet.
  std::vector<int> descriptors() const { return {file_.get()}; }
  /// From here on this process ignores SIGPIPE.
  void fleet_ended(const FleetEnded& event) override;

 private:
  int add_to_summary(const FleetResult& result) const;

  const FleetSpec& spec_;
  std::string path_;
  sys::Fd file_;
  int error_ = 0;  ///< why it could not be opened
};

}  // namespace nslaunch::run
