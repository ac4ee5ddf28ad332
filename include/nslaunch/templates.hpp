#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nslaunch {

/// The values of the words in braces for one shard.
struct TemplateValues {
  unsigned index = 1;  ///< {index}; {index0} is one less
  unsigned total = 1;  ///< {total}
  std::string name;    ///< {name}
  std::string id;      ///< {id}
  /// {} is the whole line, {1} its first word, `nothing` if it has fewer; without a line, these are kept.
  std::optional<std::string> line{};
  std::string nothing{};  ///< replaces an empty text
};

/// Replaces the known words in braces; other braces stay as they are. Inserted text is not expanded again.
std::string expand(std::string_view text, const TemplateValues& values);

}  // namespace nslaunch
