#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::shard {

/// The value of NAME in a list of NAME=VALUE (the last one if it is repeated).
std::optional<std::string> variable(const std::vector<std::string>& environment, std::string_view name);

/// Sets NAME, in place if it is already set, and removes duplicates.
void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value);

/// Sets each NAME=VALUE of `variables`.
void set_variables(std::vector<std::string>& environment, const std::vector<std::string>& variables);

}  // namespace nslaunch::shard
