#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

#include <catch2/catch.hpp>
#include <csignal>

namespace nslaunch::sys {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

}  // namespace

TEST_CASE("durations are numbers with units, from the greatest to the least") {
  CHECK(parse_duration("250ms") == milliseconds(250));
  CHECK(parse_duration("90s") == milliseconds(90'000));
  CHECK(parse_duration("5m") == milliseconds(300'000));
  CHECK(parse_duration("1h30m") == milliseconds(5'400'000));
  CHECK(parse_duration("1d2h3m4s5ms") == milliseconds(93'784'005));
  CHECK(parse_duration("0s") == milliseconds(0));
  CHECK(parse_duration("3650d") == milliseconds(3650LL * 86'400'000));
}

TEST_CASE("what is no duration, or more than ten years, is refused") {
  for (const char* text : {"",
                           "5",
                           "s",
                           "5x",
                           "5 s",
                           " 5s",
                           "5s ",
                           "-5s",
                           "+5s",
                           "1.5s",
                           "5S",
                           "30m1h",
                           "1s1s",
                           "5sm",
                           "1h30",
                           "3651d",
                           "3650d1ms",
                           "18446744073709551615h",
                           "99999999999999999999s",
                           "0x5s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("sizes are numbers with one letter of unit") {
  CHECK(parse_size("512") == 512U);
  CHECK(parse_size("1k") == 1024U);
  CHECK(parse_size("512M") == 512ULL << 20);
  CHECK(parse_size("2G") == 2ULL << 30);
  CHECK(parse_size("3t") == 3ULL << 40);
  CHECK(parse_size("8388607T") == 8388607ULL << 40);
  CHECK(parse_size("9223372036854775807") == 9223372036854775807U);
  for (const char* text : {"", "M", "1MB", "1 M", "-1M", "1.5G", "1P", "8388608T", "9223372036854775808",
                           "18446744073709551615", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("a duration is shown as a person would say it") {
  CHECK(format_duration(microseconds(1234)) == "1.2ms");
  CHECK(format_duration(milliseconds(250)) == "250ms");
  CHECK(format_duration(milliseconds(12'340)) == "12.3s");
  CHECK(format_duration(milliseconds(245'000)) == "4m05s");
  CHECK(format_duration(milliseconds(5'400'000)) == "1h30m");
}

TEST_CASE("no duration is shown as 60 of a unit or a thousand milliseconds") {
  CHECK(format_duration(microseconds(999'700)) == "1.0s");
  CHECK(format_duration(milliseconds(59'990)) == "1m00s");
  CHECK(format_duration(microseconds(9'990)) == "10ms");
}

TEST_CASE("control characters and bytes that are not UTF-8 are escaped, all else is left") {
  CHECK(escape("plain, ä € 😀") == "plain, ä € 😀");
  CHECK(escape("\x1b[31m\n\t\x7f") == "\\x1b[31m\\x0a\\x09\\x7f");
  CHECK(escape(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(escape("\xc2\x9b") == "\\xc2\\x9b");         // a C1 control: CSI
  CHECK(escape("a\u202eb") == "a\\xe2\\x80\\xaeb");  // right to left from here
  CHECK(escape("\u061c\u2066") == "\\xd8\\x9c\\xe2\\x81\\xa6");
  CHECK(escape("\xc0\x9b") == "\\xc0\\x9b");                    // an overlong ESC
  CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // past the last character
  CHECK(escape("\xe2\x82") == "\\xe2\\x82");                    // cut short
  CHECK(escape("\xff") == "\\xff");
  CHECK(escape("").empty());
}

TEST_CASE("arguments are quoted as a shell would take them again") {
  CHECK(shell_quote({"npm", "test"}) == "npm test");
  CHECK(shell_quote({"a b", "", "it's", "$HOME", "*"}) == "'a b' '' 'it'\\''s' '$HOME' '*'");
  CHECK(shell_quote({"--x={index}", "/a/b.c", "a@b:1,2%+"}) == "--x={index} /a/b.c a@b:1,2%+");
  CHECK(shell_quote({"a{b,c}", "{1..3}", "{}"}) == "'a{b,c}' '{1..3}' {}");
  CHECK(shell_quote({"\x1b", "it's\n\\"}) == R"($'\x1b' $'it\'s\x0a\\')");
  CHECK(shell_quote({}).empty());
}

TEST_CASE("signals have names and numbers") {
  CHECK(signal_name(SIGTERM) == "SIGTERM");
  CHECK(signal_name(40) == "signal 40");
  for (const char* text : {"TERM", "SIGTERM", "term", "sigterm", "15"}) CHECK(parse_signal(text) == SIGTERM);
  CHECK(parse_signal("RTMIN") == SIGRTMIN);
  CHECK(parse_signal("sigrtmin+3") == SIGRTMIN + 3);
  CHECK(parse_signal("RTMAX-1") == SIGRTMAX - 1);
  for (const char* text :
       {"", "0", "-1", "65", "SIG", "TERMX", "15x", "RTMIN-1", "RTMIN+", "RTMIN+99", "RTMAX+1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_signal(text).has_value());
  }
}

TEST_CASE("numbers are taken off a text one after the other, with the blanks before them") {
  std::string_view text = "12\t -7 ff x 4294967296";
  CHECK(take_number<unsigned>(text) == 12U);
  CHECK(take_number<int>(text) == -7);
  CHECK(take_number<std::uint64_t>(text, 16) == 255U);
  CHECK_FALSE(take_number<unsigned>(text).has_value());
  CHECK(text == " x 4294967296");
  text.remove_prefix(2);
  CHECK_FALSE(take_number<std::uint32_t>(text).has_value());
  CHECK(text == " 4294967296");
  CHECK(take_number<std::uint64_t>(text) == 4294967296U);
  CHECK(text.empty());
  CHECK_FALSE(take_number<int>(text).has_value());
}

TEST_CASE("text for XML has no colours, and a replacement for every byte that XML does not know") {
  CHECK(for_xml("plain \t\r\n \xc3\xa9") == "plain \t\r\n \xc3\xa9");
  CHECK(for_xml("\033[1m\033[31mred\033[0m") == "red");
  CHECK(for_xml("\033[31") == "\xef\xbf\xbd[31");
  for (const auto* text : {"\x01", "\x7f", "\xff", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xc2\x85"})
    CHECK(for_xml(text).starts_with("\xef\xbf\xbd"));
  CHECK(for_xml(std::string_view("\0", 1)) == "\xef\xbf\xbd");
}

}  // namespace nslaunch::sys
