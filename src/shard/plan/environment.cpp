#include "shard/plan/environment.hpp"

#include <algorithm>

namespace nslaunch::shard {
namespace {

bool is_named(const std::string& entry, std::string_view name) {
  return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
}

}  // namespace

std::optional<std::string> variable(const std::vector<std::string>& environment, std::string_view name) {
  const auto found = std::find_if(environment.rbegin(), environment.rend(),
                                  [&](const std::string& entry) { return is_named(entry, name); });
  if (found == environment.rend()) return std::nullopt;
  return found->substr(name.size() + 1);
}

void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  std::string entry;
  entry.append(name).append("=").append(value);
  const auto named = [&](const std::string& other) { return is_named(other, name); };
  const auto found = std::find_if(environment.begin(), environment.end(), named);
  if (found == environment.end()) {
    environment.push_back(std::move(entry));
    return;
  }
  *found = std::move(entry);
  environment.erase(std::remove_if(found + 1, environment.end(), named), environment.end());
}

void set_variables(std::vector<std::string>& environment, const std::vector<std::string>& variables) {
  for (const std::string_view entry : variables) {
    const auto equals = entry.find('=');
    set_variable(environment, entry.substr(0, equals), entry.substr(equals + 1));
  }
}

}  // namespace nslaunch::shard
