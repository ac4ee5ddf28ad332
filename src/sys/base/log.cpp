#include "sys/base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "sys/base/files.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::sys {
namespace {

Colour chosen_colour = Colour::kAuto;
bool is_hurried = false;
bool has_stalled = false;

/// A closed read end must not kill us by SIGPIPE.
template <typename Write>
int without_broken_pipe_signal(Write&& write) {
  SignalSet broken_pipe;
  broken_pipe.add(SIGPIPE);
  sigset_t before;
  const bool blocked = ::sigprocmask(SIG_BLOCK, &broken_pipe.native(), &before) == 0;
  constexpr timespec kNoWait{};
  const int error = write();
  if (error == EPIPE) ::sigtimedwait(&broken_pipe.native(), nullptr, &kNoWait);
  if (blocked) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return error;
}

/// Writes each message at once, so that short ones of several launchers on one stderr do not mix.
class StderrSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const bool colour = colour_wanted(STDERR_FILENO) && message.level >= spdlog::level::warn;
    const std::string_view start = !colour                                ? ""
                                   : message.level == spdlog::level::warn ? "\033[33m"
                                                                          : "\033[31m";
    write_message(own_lines({message.payload.data(), message.payload.size()}, start));
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  static spdlog::logger instance("nslaunch", std::make_shared<StderrSink>());
  return instance;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

int write_without_signal(int fd, std::string_view content) {
  return without_broken_pipe_signal([&] { return write_all(fd, content); });
}

std::string own_lines(std::string_view text, std::string_view colour) {
  std::string lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.append(colour).append("nslaunch: ").append(colour.empty() ? "" : "\033[0m");
    lines.append(text.substr(0, end)) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void say(std::string_view text) {
  logger().info(spdlog::string_view_t(text.data(), text.size()));
}
void warn(std::string_view text) {
  logger().warn(spdlog::string_view_t(text.data(), text.size()));
}
void say_error(std::string_view text) {
  logger().error(spdlog::string_view_t(text.data(), text.size()));
}

void hurry_messages() noexcept {
  is_hurried = true;
}

void write_message(std::string_view text) {
  constexpr std::chrono::seconds kHurriedLimit{2};
  std::optional<std::chrono::milliseconds> limit;
  if (is_hurried) limit = has_stalled ? std::chrono::seconds{0} : kHurriedLimit;
  const int error =
      without_broken_pipe_signal([&] { return write_unless_ended(STDERR_FILENO, text, limit); });
  has_stalled = error == ETIMEDOUT;
}

void set_colour(Colour colour) {
  chosen_colour = colour;
}

bool colour_wanted(int stream) {
  if (chosen_colour != Colour::kAuto) return chosen_colour == Colour::kAlways;
  if (is_set("NO_COLOR")) return false;
  if (is_set("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0") return true;
  const char* terminal = std::getenv("TERM");
  return ::isatty(stream) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace nslaunch::sys
