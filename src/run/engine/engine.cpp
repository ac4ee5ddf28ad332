#include "run/engine/engine.hpp"

#include <algorithm>

#include "run/engine/engine_variables.hpp"
#include "sys/base/check.hpp"
#include "sys/base/numbers.hpp"
#include "sys/base/text.hpp"

namespace nslaunch {
namespace {

/// What the engines say that are there, those that leave the total to their users in `without_total`.
std::vector<EnginePart> read_engines(const std::vector<std::string>& environment,
                                     const Engine*& without_total) {
  std::vector<EnginePart> parts;
  for (const auto& engine : engines()) {
    const bool has_total = engine_variable(environment, engine.total).has_value();
    if (!has_total && !engine_variable(environment, engine.index)) continue;
    if (!has_total && engine.without_total != nullptr) {
      without_total = &engine;
    } else {
      parts.push_back(read_engine(engine, environment));
    }
  }
  return parts;
}

[[noreturn]] void throw_unknown() {
  std::string names;
  for (const auto& engine : engines()) names += fmt::format("{}{}", names.empty() ? "" : ", ", engine.name);
  throw UsageError("--shard auto: no CI engine or cluster says which part this is",
                   fmt::format("Known are {}. Elsewhere say it: --shard I/N; in a GitHub matrix "
                               "--shard ${{{{ matrix.shard }}}}/4",
                               names));
}

[[noreturn]] void throw_ambiguous(const std::vector<EnginePart>& parts) {
  std::string claims;
  for (const auto& part : parts) {
    claims += fmt::format("{}{}/{} by {}", claims.empty() ? "" : ", ", part.index, part.total, part.engine);
  }
  throw UsageError("--shard auto: several have split this run: " + claims,
                   "Say which part is meant: --shard I/N, for example --shard 2/4");
}

}  // namespace

EnginePart detect_engine(const std::vector<std::string>& environment) {
  const Engine* without_total = nullptr;
  auto parts = read_engines(environment, without_total);
  const auto is_whole = [](const EnginePart& part) { return part.total == 1; };
  const bool is_split = !std::all_of(parts.begin(), parts.end(), is_whole);
  if (is_split) parts.erase(std::remove_if(parts.begin(), parts.end(), is_whole), parts.end());
  if (is_split && parts.size() > 1) throw_ambiguous(parts);
  if (!is_split && without_total != nullptr) {
    throw UsageError(
        fmt::format("--shard auto: {} says {}: the number of parts can't be told", without_total->name,
                    show_variables(environment, {without_total->index, without_total->total})),
        fmt::format("{}; or say it: --shard I/N", without_total->without_total));
  }
  if (parts.empty()) throw_unknown();
  return parts.front();
}

ShardNumber parse_shard(std::string_view text, const std::string& option) {
  const auto slash = text.find('/');
  const auto index = sys::whole_number<unsigned>(text.substr(0, slash));
  const auto total =
      slash == std::string_view::npos ? std::nullopt : sys::whole_number<unsigned>(text.substr(slash + 1));
  if (!index || !total) {
    throw UsageError(fmt::format("{}: '{}' is neither I/N nor auto", option, sys::escape(text)),
                     "For example: --shard 2/4, the second of four");
  }
  if (*total > kMostParts) {
    throw UsageError(
        fmt::format("{}: {} are more shards than the {} that can be", option, *total, kMostParts));
  }
  if (*index < 1 || *index > *total) {
    throw UsageError(fmt::format("{}: there is no shard {} of {}", option, *index, *total),
                     "They are counted from 1: of an index I that begins at 0, --shard $((I + 1))/N");
  }
  return {*index, *total};
}

}  // namespace nslaunch
