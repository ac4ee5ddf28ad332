#include <nslaunch/error.hpp>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch {
namespace {

std::string sentence(const std::error_code& code, const std::string& doing, const std::string& advice) {
  std::string text = doing;
  if (code) text += ": " + code.message();
  if (!advice.empty()) text += "\n" + advice;
  return text;
}

}  // namespace

Error::Error(std::error_code code, std::string doing, std::string advice)
    : std::runtime_error(sentence(code, doing, advice)),
      code_(code),
      doing_(std::move(doing)),
      advice_(std::move(advice)) {}

UsageError::UsageError(std::string what, std::string advice)
    : Error({}, std::move(what), std::move(advice)) {}

CommandError::CommandError(std::error_code code, std::string doing, int exit_status)
    : Error(code, std::move(doing)), exit_status_(exit_status) {}

EndedLaunch::EndedLaunch(int signal)
    : Error({}, fmt::format("{} came before the shard was ready: the command has not started",
                            sys::signal_name(signal))),
      signal_(signal) {}

}  // namespace nslaunch
