#include "cli/run/shard_part.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/templates.hpp>

#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/files/open_output.hpp"

namespace nslaunch::cli {
namespace {

EnginePart find_part(const ShardSpec& spec, const Arguments& arguments) {
  const auto text = arguments.text("shard");
  if (text != "auto") return {parse_shard(text, arguments.written("shard")), {}, {}};
  return detect_engine(spec.environment);
}

void touch(const std::string& path) {
  if (sys::open_output(path)) return;
  const int error = errno;
  throw sys::output_error(
      error, path, fmt::format("telling Bazel, by {}, that the tests are split", sys::escape(path)),
      "TEST_SHARD_STATUS_FILE names a file that can be made; --shard I/N does without it.");
}

void add_shard_variables(ShardSpec& spec, const ShardNumber& part, const Arguments& arguments) {
  std::vector<std::string> variables;
  for (const auto& kind : arguments.all("shard-env")) {
    const auto more = shard_variables(kind, part, false, arguments.written("shard-env"));
    variables.insert(variables.end(), more.begin(), more.end());
  }
  spec.variables.insert(spec.variables.begin(), variables.begin(), variables.end());  // --env overrides them
}

/// Expands the command's arguments and the variables of --env, which are the last of the variables.
void expand_words(ShardSpec& spec, const Arguments& arguments) {
  if (spec.id.empty()) spec.id = random_id();
  const TemplateValues values{.index = spec.shard_index,
                              .total = spec.shard_total,
                              .name = spec.name.empty() ? spec.id : spec.name,
                              .id = spec.id};
  for (auto& argument : spec.command) argument = expand(argument, values);
  const auto count = static_cast<std::ptrdiff_t>(arguments.all("env").size());
  for (auto variable = spec.variables.end() - count; variable != spec.variables.end(); ++variable) {
    const auto value = variable->find('=') + 1;
    variable->replace(value, std::string::npos, expand(std::string_view(*variable).substr(value), values));
  }
}

}  // namespace

void read_shard_part(ShardSpec& spec, const Arguments& arguments, bool splits_further) {
  if (!arguments.has("shard")) {
    if (splits_further || !arguments.has("shard-env")) return;
    throw UsageError(arguments.written("shard-env") + " tells a command which part it is, and it is none",
                     "Add --shards N, or --shard I/N, or --shard auto in a CI job.");
  }
  const auto part = find_part(spec, arguments);
  spec.shard_index = part.index;
  spec.shard_total = part.total;
  if (!splits_further) {
    add_shard_variables(spec, part, arguments);
    expand_words(spec, arguments);
  }
  if (!part.status_file.empty()) touch(part.status_file);
  if (!arguments.has("verbose")) return;
  sys::say(
      fmt::format("shard {}/{}{}{}", part.index, part.total, part.engine.empty() ? "" : " by ", part.engine));
}

}  // namespace nslaunch::cli
