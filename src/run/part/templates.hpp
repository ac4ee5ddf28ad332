#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nslaunch {

/// What the words in braces stand for in one shard.
struct TemplateValues {
  unsigned index = 1;  ///< {index}; {index0} is one less
  unsigned total = 1;  ///< {total}
  std::string name;    ///< {name}
  std::string id;      ///< {id}
  /// {} is all of it, {1} its first word, and `nothing` where it has fewer; none: these stay as they are.
  std::optional<std::string> line{};
  std::string nothing{};  ///< what stands for an empty text
};

/// Replaces the known words in braces; any other brace stays as it is. What has been put in is not read
/// again.
std::string expand(std::string_view text, const TemplateValues& values);

}  // namespace nslaunch
