#include "run/part/expand_spec.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <cctype>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch {
namespace run {
namespace {

/// A directory name for a part, unique among the parts.
std::string directory_name(const Part& part) {
  const auto allowed = [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '-' || letter == '_' || letter == '.';
  };
  const bool usable = std::all_of(part.name.begin(), part.name.end(), allowed) && !part.name.starts_with('.');
  if (usable && !part.line) return part.name;
  auto name = fmt::format("{}-{}", part.index, part.name);
  std::replace_if(
      name.begin(), name.end(), [&](char letter) { return !allowed(static_cast<unsigned char>(letter)); },
      '_');
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

/// In a path, stands for an empty text or a missing word; as_file_name() never returns it for other text. An
/// empty name would turn a relative path into an absolute one.
constexpr const char* kNoName = "%";

/// A path component, unique to this text: a list may be another user's, and must reach no other directory.
std::string as_file_name(std::string_view text) {
  std::string name;
  char before = ' ';
  for (const char letter : text) {
    const bool begins_hidden = letter == '.' && before == ' ';  // each word may stand alone: {1}
    if (letter == '/' || letter == '%' || letter == '\0' || begins_hidden)
      name += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    else
      name += letter;
    before = std::isspace(static_cast<unsigned char>(letter)) != 0 ? ' ' : letter;
  }
  return name;
}

/// How many of a path's last components contain a template or lie below one that does.
std::size_t names_to_expand(const std::string& path) {
  const auto first = path.find('{');
  if (first == path.npos) return 0;
  return 1 + static_cast<std::size_t>(
                 std::count(path.begin() + static_cast<std::ptrdiff_t>(first), path.end(), '/'));
}

/// A directory for each attempt, below the run's.
std::string directory_of(const FleetSpec& fleet, const Part& part, const Turn& turn) {
  auto directory = fmt::format("{}/{}/{}", fleet.shard.artifacts, fleet.run_id, directory_name(part));
  if (turn.repetition > 1) directory += fmt::format(".repetition-{}", turn.repetition);
  if (turn.attempt > 1) directory += fmt::format(".attempt-{}", turn.attempt);
  return directory;
}

void check_own_file(const FleetSpec& fleet, const std::string& path, const char* option,
                    const std::string& before = {}) {
  const TemplateValues one{.index = 1, .total = 2, .name = "a", .id = "a"};
  // A part that runs more than once keeps its number.
  const bool again = fleet.repeat > 1 || fleet.until_fail || fleet.retries > 0;
  const TemplateValues other{.index = again ? 1U : 2U, .total = 2, .name = again ? "a" : "b", .id = "b"};
  if (path.empty() || expand(path, one) != expand(path, other)) return;
  throw UsageError(
      fmt::format("{} {}: more than one shard would write there", option, sys::escape(before + path)),
      fmt::format("Put {} into it: {} {}", again ? "{id}" : "{index}, {name} or {id}", option,
                  sys::shell_quote({before + path + (again ? ".{id}" : ".{index}")})));
}

}  // namespace

TemplateValues values_in_path(TemplateValues values) {
  values.nothing = kNoName;
  values.name = as_file_name(values.name);
  if (values.line) values.line = as_file_name(*values.line);
  return values;
}

ShardSpec spec_of(const FleetSpec& fleet, const Part& part, const Turn& turn) {
  ShardSpec spec = fleet.shard;
  spec.id = random_id();
  spec.name = part.name;
  spec.run_id = fleet.run_id;
  spec.fleet_member = true;
  spec.shard_index = part.index;
  spec.shard_total = part.total;
  spec.attempt = turn.attempt;
  spec.measure = true;
  for (const auto& kind : fleet.shard_env) {
    const auto more = shard_variables(kind, {part.index, part.total}, true);
    spec.variables.insert(spec.variables.end(), more.begin(), more.end());
  }
  const TemplateValues values{
      .index = part.index, .total = part.total, .name = part.name, .id = spec.id, .line = part.line};
  for (auto& word : spec.command) word = expand(word, values);
  for (const auto& variable : fleet.variables) spec.variables.push_back(expand(variable, values));
  const auto in_path = values_in_path(values);
  spec.capture.named_by_list = part.line && names_to_expand(spec.capture.file) > 0;
  spec.capture.file = expand(spec.capture.file, in_path);
  for (auto& overlay : spec.overlays) {
    if (part.line) overlay.names_of_list = names_to_expand(overlay.keep);
    overlay.keep = expand(overlay.keep, in_path);
  }
  if (!spec.artifacts.empty()) spec.artifacts = directory_of(fleet, part, turn);
  return spec;
}

}  // namespace run

void check_fleet(const FleetSpec& fleet) {
  const bool several = fleet.parts.size() > 1 || fleet.repeat > 1 || fleet.until_fail || fleet.retries > 0;
  if (fleet.parts.empty()) throw UsageError("there is nothing to run: no part was given");
  if (!several) return;
  run::check_own_file(fleet, fleet.shard.capture.file, "--pcap");
  for (const auto& overlay : fleet.shard.overlays)
    run::check_own_file(fleet, overlay.keep, "--overlay", overlay.path + "=");
  for (const auto& port : fleet.shard.publish) {
    if (port.port == 0 || fleet.jobs == 1) continue;
    throw UsageError(
        fmt::format("--publish {}: only one of the shards that run at once can have it", port.port),
        fmt::format("Let each have a port that is free: --publish 0:{}", port.shard_port));
  }
}

}  // namespace nslaunch
