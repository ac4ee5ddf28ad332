#pragma once

#include <span>

namespace nslaunch::cli {

/// A short text of `nslaunch help` on a topic that is not a subcommand: at most 24 lines of 80 columns.
struct Topic {
  const char* name;
  const char* text;
};

std::span<const Topic> topics();

}  // namespace nslaunch::cli
