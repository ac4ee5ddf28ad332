#include "cli/run/display_settings.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <cstdlib>
#include <string_view>

#include "cli/run/fleet_spec.hpp"
#include "cli/run/run_options.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::cli {
namespace {

bool is_true(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "true";
}

OutputMode read_output(const Arguments& arguments) {
  constexpr const char* kModes[] = {"group", "stream", "failed"};
  const auto mode = arguments.choice("output", kModes, "group");
  return mode == "stream" ? OutputMode::kStream : mode == "failed" ? OutputMode::kFailed : OutputMode::kGroup;
}

/// The value of --ci or, if that is "auto", what the engine's variable implies.
LogMarks read_log_marks(const Arguments& arguments) {
  constexpr const char* kChoices[] = {"auto", "github", "gitlab", "off"};
  auto choice = arguments.choice("ci", kChoices, arguments.has("github") ? "github" : "auto");
  if (arguments.has("github") && choice != "github")
    throw UsageError(
        fmt::format("--github and {} {} contradict each other", arguments.written("ci"), choice));
  if (choice == "auto")
    choice = is_true("GITHUB_ACTIONS") ? "github" : is_true("GITLAB_CI") ? "gitlab" : "off";
  return choice == "github" ? LogMarks::kGithub : choice == "gitlab" ? LogMarks::kGitlab : LogMarks::kNone;
}

/// CI engines show terminal output line by line.
bool is_watched_by_a_person() {
  const char* terminal = std::getenv("TERM");
  const char* ci = std::getenv("CI");
  const bool in_ci = ci != nullptr && *ci != '\0' && std::string_view(ci) != "false";
  return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb" &&
         !in_ci;
}

/// The options as they were given, except those that apply to all shards together.
std::vector<std::string> options_to_run_again(const Arguments& arguments) {
  std::vector<std::string> words;
  for (const auto& option : run_options()) {
    if (is_of_all_shards(option.name) || !arguments.has(option.name) ||
        !arguments.written(option.name).starts_with("--"))
      continue;
    for (const auto& value : arguments.all(option.name)) {
      words.push_back(arguments.written(option.name));
      if (option.value_name != nullptr) words.push_back(value);
    }
  }
  return words;
}

}  // namespace

DisplaySettings read_display(const Arguments& arguments) {
  return {.output = read_output(arguments),
          .marks = read_log_marks(arguments),
          .progress = is_watched_by_a_person() ? ProgressMode::kLive : ProgressMode::kPlain,
          .colour = sys::colour_wanted(STDERR_FILENO),
          .verbose = arguments.has("verbose"),
          .options_to_run_again = options_to_run_again(arguments)};
}

LogMarks read_marks_of_one(const Arguments& arguments) {
  if (!arguments.has("ci") && !arguments.has("github")) return LogMarks::kNone;
  if (arguments.text("ci") == "gitlab") {
    throw UsageError(arguments.written("ci") + " gitlab folds the output of several shards",
                     "Leave it out: the output of one is as without nslaunch.");
  }
  return read_log_marks(arguments) == LogMarks::kGithub ? LogMarks::kGithub : LogMarks::kNone;
}

}  // namespace nslaunch::cli
