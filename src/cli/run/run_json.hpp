#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

#include <cstdint>
#include <string>

namespace nslaunch::cli {

/// What was asked for; `spec` has an id, and must outlive it.
struct RunRequest {
  const ShardSpec& spec;
  std::int64_t started_at;  ///< seconds since the epoch
};

/// The document of --report-json (docs/report.md), one line. `status`: the one that nslaunch ends with.
std::string outcome_as_json(const RunRequest& request, const Outcome& outcome, int status);
/// Of a run in which nslaunch itself has failed, or whose command can't be executed.
std::string failure_as_json(const RunRequest& request, const std::string& error, int status);

}  // namespace nslaunch::cli
