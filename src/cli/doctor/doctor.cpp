#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <unistd.h>

#include "cli/doctor/apparmor_profile.hpp"
#include "cli/doctor/doctor_json.hpp"
#include "cli/doctor/doctor_text.hpp"
#include "run/doctor/doctor.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kOptions[] = {
    {"json", 0, nullptr, "print JSON ({\"version\":1,\"verdict\":\"full\",...})"},
    {"apparmor-profile", 0, nullptr, "print an AppArmor profile that lets this program have user namespaces"},
    kColorOption,
};

void print(const std::string& text) {
  if (const int error = sys::write_all(STDOUT_FILENO, text); error != 0) {
    throw Error(sys::errno_code(error), "writing what was found");
  }
}

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

int run(const Arguments& arguments) {
  if (!arguments.positional.empty() || arguments.has_separator) throw UsageError("doctor takes options only");
  if (arguments.has("apparmor-profile")) {
    if (arguments.has("json"))
      throw UsageError("--apparmor-profile has no JSON", "Leave out one of the two.");
    print(apparmor_profile(own_path()));
    return 0;
  }
  const auto diagnosis = run::diagnose();
  const int status = exit_status_of(diagnosis.verdict());
  print(arguments.has("json") ? diagnosis_as_json(diagnosis, status)
                              : diagnosis_in_words(diagnosis, sys::colour_wanted(STDOUT_FILENO)));
  return status;
}

}  // namespace

const Command& doctor_command() {
  static constexpr Command kCommand{
      "doctor",
      "doctor [--json | --apparmor-profile]",
      "try what a shard needs here, and say what is in the way",
      "nslaunch doctor",
      [] { return std::span<const Option>(kOptions); },
      run,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
