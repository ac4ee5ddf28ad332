#pragma once

#include <nslaunch/outcome.hpp>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nslaunch::run {

/// A document on one line, ended by a newline. All of it is printable ASCII, so that nothing in a name or an
/// argument moves the cursor of the terminal that shows it; invalid UTF-8 becomes U+FFFD.
std::string json_text(const nlohmann::ordered_json& json);

/// Adds the keys that docs/report.md lists for the end of a shard, from "isolation" on.
void add_outcome(nlohmann::ordered_json& json, const Outcome& outcome);

}  // namespace nslaunch::run
