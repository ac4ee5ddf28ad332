#pragma once

#include <nslaunch/fleet_events.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "run/report/marks.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::run {

/// A group of GitHub's log, where the attempt passed: groups are closed, and a failure is to be seen.
Marks github_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

/// Workflow commands, one a line: an error for each part that failed, a warning for each that was flaky or
/// has leaked; of each kind as many as GitHub shows of one step.
std::string github_annotations(const FleetResult& result, const FleetSpec& spec);

/// Markdown for the page of the job, of at most so many bytes: a table of all parts, those that failed first.
std::string github_summary(const FleetResult& result, const FleetSpec& spec, std::size_t most);

/// Tells GitHub at the fleet's end: annotations on stderr, and the step's summary.
class GithubReport : public FleetObserver {
 public:
  /// `summary`: GITHUB_STEP_SUMMARY, opened before anything runs: whoever gives its name another meaning then
  /// leads nobody elsewhere. Empty: there is none to write. `spec` must outlive it.
  GithubReport(const FleetSpec& spec, std::string summary);
  /// What must stay open until the fleet's end.
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
