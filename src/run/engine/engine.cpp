#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <cstdint>

#include "shard/plan/environment.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch {
namespace {

using Environment = std::vector<std::string>;

/// The variables in which an engine gives a job its part, by name.
struct Engine {
  const char* name;
  const char* index;
  unsigned first;  ///< the index of the first part
  const char* total;
  const char* status_file = nullptr;
  /// For an engine that gives the index and leaves the total to its user: where to set it.
  const char* without_total = nullptr;
};

constexpr Engine kEngines[] = {
    // docs.gitlab.com/ci/variables/predefined_variables: without `parallel` the total is 1, and there is no
    // index.
    {"GitLab CI", "CI_NODE_INDEX", 1, "CI_NODE_TOTAL"},
    // circleci.com/docs/variables
    {"CircleCI", "CIRCLE_NODE_INDEX", 0, "CIRCLE_NODE_TOTAL"},
    // buildkite.com/docs/pipelines/configure/environment-variables
    {"Buildkite", "BUILDKITE_PARALLEL_JOB", 0, "BUILDKITE_PARALLEL_JOB_COUNT"},
    // learn.microsoft.com/azure/devops/pipelines/test/parallel-testing-any-test-runner documents both; only
    // its samples show that the first is 1.
    {"Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", 1, "SYSTEM_TOTALJOBSINPHASE"},
    // support.atlassian.com/bitbucket-cloud/docs/set-up-or-run-parallel-steps
    {"Bitbucket Pipelines", "BITBUCKET_PARALLEL_STEP", 0, "BITBUCKET_PARALLEL_STEP_COUNT"},
    // bazel.build/reference/test-encyclopedia
    {"Bazel", "TEST_SHARD_INDEX", 0, "TEST_TOTAL_SHARDS", "TEST_SHARD_STATUS_FILE"},
    // slurm.schedmd.com/job_array.html; read_array() reads the others.
    {"Slurm", "SLURM_ARRAY_TASK_ID", 0, "SLURM_ARRAY_TASK_COUNT"},
    // kubernetes.io/docs/tasks/job/indexed-parallel-processing-static: .spec.completions is in no variable.
    {"Kubernetes", "JOB_COMPLETION_INDEX", 0, "JOB_COMPLETIONS", nullptr,
     "Set JOB_COMPLETIONS in the container's env to the Job's completions"},
    // developer.hashicorp.com/nomad/docs/runtime/environment, and .../job-specification/meta: the group's
    // count is in no variable.
    {"Nomad", "NOMAD_ALLOC_INDEX", 0, "NOMAD_META_SHARDS", nullptr,
     "Set SHARDS in the task's meta block to the group's count"},
    // parallel(1): no variable has the number of jobs, which is {##} with --plus.
    {"GNU parallel", "PARALLEL_SEQ", 1, "PARALLEL_TOTAL", nullptr,
     "Use parallel --plus nslaunch run --shard '{#}/{##}' -- COMMAND, or set PARALLEL_TOTAL to the number of "
     "jobs"},
};

/// An empty variable counts as not set: forwarding one (`docker run -e`) leaves it empty.
std::optional<std::string> engine_variable(const Environment& environment, const char* name) {
  auto value = shard::variable(environment, name);
  return value && value->empty() ? std::nullopt : value;
}

/// "CI_NODE_INDEX=5, CI_NODE_TOTAL is not set"
std::string show_variables(const Environment& environment, const std::vector<const char*>& names) {
  std::string text;
  for (const char* name : names) {
    const auto value = engine_variable(environment, name);
    text += text.empty() ? "" : ", ";
    text += value ? fmt::format("{}={}", name, sys::escape(*value)) : fmt::format("{} is not set", name);
  }
  return text;
}

std::string title(const Engine& engine) {
  return fmt::format("{} ({}, {})", engine.name, engine.index, engine.total);
}

/// Reads the variables of one engine as numbers; an error shows all of them.
class Reader {
 public:
  Reader(const Environment& environment, const Engine& engine, std::vector<const char*> names)
      : environment_(environment), engine_(engine), names_(std::move(names)) {}

  std::uint64_t number(const char* name) const {
    const auto text = engine_variable(environment_, name);
    if (!text) throw_wrong(fmt::format("there is no {}", name));
    const auto number = sys::whole_number<unsigned>(*text);
    if (!number) throw_wrong(fmt::format("{} is no number that counts parts", name));
    return *number;
  }

  EnginePart part(std::uint64_t index, std::uint64_t total) const {
    if (total > kMostParts) throw_wrong(fmt::format("there are at most {} parts", kMostParts));
    EnginePart part{{static_cast<unsigned>(index), static_cast<unsigned>(total)}, title(engine_), {}};
    if (engine_.status_file != nullptr) {
      part.status_file = engine_variable(environment_, engine_.status_file).value_or("");
    }
    return part;
  }

  [[noreturn]] void throw_wrong(const std::string& why) const {
    throw UsageError(
        fmt::format("--shard auto: {} says {}: {}", engine_.name, show_variables(environment_, names_), why),
        "Set them right, or say which part this is: --shard I/N, for example --shard 2/4");
  }

 private:
  const Environment& environment_;
  const Engine& engine_;
  std::vector<const char*> names_;
};

EnginePart read_pair(const Environment& environment, const Engine& engine) {
  const Reader reader(environment, engine, {engine.index, engine.total});
  const auto total = reader.number(engine.total);
  if (total == 0) reader.throw_wrong("there is no part of none");
  if (total == 1 && !engine_variable(environment, engine.index)) return reader.part(1, 1);
  const auto index = reader.number(engine.index);
  if (index < engine.first || index - engine.first >= total) {
    reader.throw_wrong(fmt::format("the index is not from {} to {}", engine.first, engine.first + total - 1));
  }
  return reader.part(index - engine.first + 1, total);
}

/// An array's ids begin anywhere and may have a step: 10-40:10 has four.
EnginePart read_array(const Environment& environment, const Engine& engine) {
  const Reader reader(
      environment, engine,
      {engine.index, engine.total, "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"});
  const auto id = reader.number(engine.index);
  const auto count = reader.number(engine.total);
  const auto first = reader.number("SLURM_ARRAY_TASK_MIN");
  const auto last = reader.number("SLURM_ARRAY_TASK_MAX");
  const auto step = reader.number("SLURM_ARRAY_TASK_STEP");
  if (count == 1 && id == first && id == last) return reader.part(1, 1);
  const bool is_even = step > 0 && count > 0 && last == first + (count - 1) * step;
  if (!is_even || id < first || id > last || (id - first) % step != 0) {
    reader.throw_wrong("the ids have gaps, so which part this is can't be told; --array=1-4 has none");
  }
  return reader.part((id - first) / step + 1, count);
}

bool is_array(const Engine& engine) {
  return std::string_view(engine.name) == "Slurm";
}

EnginePart read_engine(const Engine& engine, const Environment& environment) {
  return is_array(engine) ? read_array(environment, engine) : read_pair(environment, engine);
}

/// What the engines that are present report; one that leaves the total to its user is put in `without_total`.
std::vector<EnginePart> read_engines(const std::vector<std::string>& environment,
                                     const Engine*& without_total) {
  std::vector<EnginePart> parts;
  for (const auto& engine : kEngines) {
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
  for (const auto& engine : kEngines) names += fmt::format("{}{}", names.empty() ? "" : ", ", engine.name);
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
