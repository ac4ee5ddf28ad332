#pragma once

#include <nlohmann/json_fwd.hpp>
#include <nslaunch/outcome.hpp>

#include <string>

namespace nslaunch::run {

/// Adds what docs/report.md has of a shard's end, "isolation" and all that follows.
void add_outcome(nlohmann::ordered_json& json, const Outcome& outcome);

/// A document, one line.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace nslaunch::run
