#pragma once

#include <string>
#include <vector>

#include "cli/common/look.hpp"
#include "inspect/snapshot/contents.hpp"
#include "inspect/snapshot/details.hpp"
#include "inspect/snapshot/mounts.hpp"
#include "inspect/snapshot/namespaces.hpp"

namespace nslaunch::cli {

/// Everything that `inspect` shows.
struct Details {
  Look look;
  std::vector<inspect::Namespace> namespaces;  ///< that only this shard has
  std::vector<inspect::ProcessDetails> processes;
  std::vector<inspect::Mount> mounts;
  inspect::Contents contents;
};

/// Throws as look_into() does.
Details details_of(const std::vector<std::string>& words);

/// On one line, for programs. The schema is in docs/registry.md.
std::string details_as_json(const Details& details);

}  // namespace nslaunch::cli
