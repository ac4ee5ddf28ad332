#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <string_view>

#include "registry/record/header.hpp"

namespace nslaunch::registry {

/// Larger records are neither read nor written: a long command is cut until it fits.
constexpr std::size_t kRecordLimit = 65'536;

/// The whole content of a record's file. Bytes that are not UTF-8 become U+FFFD.
std::string encode(const ShardRecord& record, ShardState state);

struct Decoded {
  Condition condition = Condition::kDamaged;
  std::string problem;  ///< empty when the condition is good
  ShardState state = ShardState::kUnreadable;
  ShardRecord record;
};

/// Parses a record's content; never throws, whatever the content is.
Decoded decode(std::string_view text);

}  // namespace nslaunch::registry
