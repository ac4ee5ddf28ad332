#include <unistd.h>

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/version.hpp>

#include <sstream>

#include "cli/common/command.hpp"
#include "cli/common/print.hpp"
#include "cli/doctor/apparmor_profile.hpp"
#include "cli/doctor/doctor_json.hpp"
#include "run/doctor/doctor.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

using shard::StepResult;

enum class Mark { kOk, kFail, kSkip };

class Page {
 public:
  explicit Page(bool coloured) : coloured_(coloured) {}

  void heading(const std::string& text) { text_ += (text_.empty() ? "" : "\n") + text + "\n"; }
  void line(Mark mark, const std::string& text) { text_ += fmt::format("  {}  {}\n", word(mark), text); }
  void remedies(const shard::Remedies& remedies) {
    std::string lines;
    for (const auto& remedy : remedies) {
      lines += fmt::format("        {}{}\n", indented(remedy.what),
                           remedy.paste.empty() ? "" : ":\n          " + remedy.paste);
    }
    const bool is_new = lines.empty() || text_.find(lines) == std::string::npos;
    text_ += is_new ? lines : "        as above\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string word(Mark mark) const {
    constexpr const char* kWords[] = {"ok  ", "FAIL", "skip"};
    constexpr const char* kColours[] = {"\033[32m", "\033[31m", "\033[33m"};
    const auto at = static_cast<std::size_t>(mark);
    return coloured_ ? fmt::format("{}{}\033[0m", kColours[at], kWords[at]) : kWords[at];
  }
  static std::string indented(const std::string& text) {
    std::istringstream lines(text);
    std::string all;
    for (std::string line; std::getline(lines, line);) all += (all.empty() ? "" : "\n        ") + line;
    return all;
  }

  bool coloured_;
  std::string text_;
};

/// How a shard is created, depending on the caller's privileges.
std::string in_words(shard::PrivilegeMode privilege_mode) {
  switch (privilege_mode) {
    case shard::PrivilegeMode::kPrivileged:
      return "without a user namespace (needs CAP_SYS_ADMIN and CAP_NET_ADMIN)";
    case shard::PrivilegeMode::kSplit:
      return "with a user namespace for the network alone (needs CAP_SYS_ADMIN)";
    default:
      return "with a user namespace for everything";
  }
}

void add_way(Page& page, const run::WayToShard& way) {
  const auto text = in_words(way.privilege_mode);
  if (way.skipped.empty()) return page.line(Mark::kOk, text);
  page.line(Mark::kSkip, fmt::format("{}: {}", text, way.skipped));
}

void add_step(Page& page, const StepResult& result) {
  const std::string doing = shard::row(result.step).doing;
  switch (result.state) {
    case StepResult::State::kOk:
      return page.line(Mark::kOk, doing);
    case StepResult::State::kSkipped:
      return page.line(Mark::kSkip, doing + ": after the failure");
    case StepResult::State::kFailed:
      const auto cause = result.cause.line();
      page.line(Mark::kFail, fmt::format("{}: {}{}", doing, sys::escape(result.error),
                                         cause.empty() ? "" : " - " + cause));
      page.remedies(result.cause.remedies);
  }
}

void add_extra(Page& page, const run::Extra& extra) {
  page.line(extra.works ? Mark::kOk : Mark::kSkip,
            extra.said.empty() ? extra.what : fmt::format("{}: {}", extra.what, extra.said));
  page.remedies(extra.remedies);
}

std::string verdict_in_words(const run::Diagnosis& diagnosis) {
  switch (diagnosis.verdict()) {
    case run::Verdict::kFull:
      return fmt::format("full isolation: {}", diagnosis.shard.isolation);
    case run::Verdict::kReduced:
      return fmt::format("reduced isolation: {}; missing: {}", diagnosis.shard.isolation,
                         fmt::join(diagnosis.missing(), ","));
    default:
      return "no isolation: nslaunch can run nothing here";
  }
}

/// One line per check, the remedies below each that failed, and the verdict at the end.
std::string diagnosis_in_words(const run::Diagnosis& diagnosis, bool coloured) {
  Page page(coloured);
  const auto& machine = diagnosis.machine;
  page.heading(fmt::format("nslaunch {}, {}, Linux {}, {}", version(),
                           machine.is_root ? "as root" : "as an ordinary user", sys::escape(machine.kernel),
                           shard::in_words(machine.place)));
  for (const auto& way : diagnosis.ways) add_way(page, way);
  page.heading("a shard, step by step");
  for (const auto& result : diagnosis.shard.steps) add_step(page, result);
  page.heading("what a run may ask for besides");
  for (const auto& extra : diagnosis.extras) add_extra(page, extra);
  page.heading(verdict_in_words(diagnosis));
  return page.take();
}

constexpr Option kDoctorOptions[] = {
    {"json", 0, nullptr, "print JSON ({\"version\":1,\"verdict\":\"full\",...})"},
    {"apparmor-profile", 0, nullptr, "print an AppArmor profile that lets this program have user namespaces"},
    kColorOption,
};

/// 0: full isolation; 1: reduced; 125: none.
int exit_status_of(run::Verdict verdict) noexcept {
  switch (verdict) {
    case run::Verdict::kFull:
      return 0;
    case run::Verdict::kReduced:
      return 1;
    default:
      return kOwnFailure;
  }
}

int run_doctor(const Arguments& arguments) {
  if (!arguments.positional.empty() || arguments.has_separator) throw UsageError("doctor takes options only");
  if (arguments.has("apparmor-profile")) {
    if (arguments.has("json"))
      throw UsageError("--apparmor-profile has no JSON", "Leave out one of the two.");
    print(apparmor_profile(own_path()), "writing the profile");
    return 0;
  }
  const auto diagnosis = run::diagnose();
  const int status = exit_status_of(diagnosis.verdict());
  print(arguments.has("json") ? diagnosis_as_json(diagnosis, status)
                              : diagnosis_in_words(diagnosis, sys::colour_wanted(STDOUT_FILENO)),
        "writing what was found");
  return status;
}

}  // namespace

const Command& doctor_command() {
  static constexpr Command kCommand{
      "doctor",
      "doctor [--json | --apparmor-profile]",
      "try what a shard needs here, and say what is in the way",
      "nslaunch doctor",
      [] { return std::span<const Option>(kDoctorOptions); },
      run_doctor,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
