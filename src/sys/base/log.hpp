#pragma once

#include <string>
#include <string_view>

namespace nslaunch::sys {

enum class Colour { kAuto, kAlways, kNever };

/// nslaunch's own messages: each line is written to stderr, prefixed with "nslaunch: ". Nothing is set up
/// before the first line, since most runs print nothing.
void say(std::string_view text);
void warn(std::string_view text);
void say_error(std::string_view text);

/// From here on no message waits long for a reader of stderr: this process has been told to end.
void hurry_messages() noexcept;
/// Writes a message to stderr, whose reader it waits for: until a signal that is to end this process is
/// pending, or, once that has been told to end, for a short time. Drops the message then, and with a stderr
/// that is closed.
void write_message(std::string_view text);

/// As write_all(), but a closed read end must not kill us by SIGPIPE: we still have to return an exit status.
int write_without_signal(int fd, std::string_view content);

/// `text` as they write it: each line prefixed with "nslaunch: " in that colour (an escape sequence, or
/// empty).
std::string own_lines(std::string_view text, std::string_view colour = {});

/// Auto: colour when stderr is a terminal, unless NO_COLOR is set; CLICOLOR_FORCE forces it.
void set_colour(Colour colour);
bool colour_wanted(int stream);

}  // namespace nslaunch::sys
