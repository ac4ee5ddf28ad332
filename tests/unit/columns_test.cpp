#include "sys/base/columns.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::sys {

TEST_CASE("a text's columns are those of its characters on a terminal") {
  CHECK(columns_of("") == 0);
  CHECK(columns_of("plain") == 5);
  CHECK(columns_of("план") == 4);
  CHECK(columns_of("日本") == 4);
  CHECK(columns_of("e\u0301") == 1);
}

TEST_CASE("a text is cut where it does not fit, and never within a character") {
  CHECK(cut_to_columns("abcdef", 6) == "abcdef");
  CHECK(cut_to_columns("abcdefg", 6) == "abc...");
  CHECK(cut_to_columns("日本語", 6) == "日本語");
  CHECK(cut_to_columns("日本語", 5) == "日...");
  CHECK(cut_to_columns("日本語", 4) == "...");
  CHECK(cut_to_columns("abc", 2) == "..");
  CHECK(cut_to_columns("abc", 0).empty());
}

TEST_CASE("of a line only what stands at its end is left, without sequences") {
  CHECK(as_it_stands("plain") == "plain");
  CHECK(as_it_stands("10%\r20%\r30%\r") == "30%");
  CHECK(as_it_stands("\033[1;31mred\033[0m end") == "red end");
  CHECK(as_it_stands("a\tb") == "a b");
  CHECK(as_it_stands("cut \033[1;3") == "cut ");
  CHECK(as_it_stands("\033]0;title\a") == "\\x1b]0;title\\x07");
  CHECK(as_it_stands("\xff\xfe") == "\\xff\\xfe");
}

}  // namespace nslaunch::sys
