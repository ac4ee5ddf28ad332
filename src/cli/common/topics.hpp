#pragma once

#include <span>

namespace nslaunch::cli {

/// A short text of `nslaunch help` that is about no single subcommand: at most 24 lines of 80 columns.
struct Topic {
  const char* name;
  const char* text;
};

std::span<const Topic> topics();

}  // namespace nslaunch::cli
