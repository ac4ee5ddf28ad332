#include "run/show/shown_output.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "run/show/spool.hpp"
#include "support/printed.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::run {

using Views = std::vector<std::string_view>;

TEST_CASE("the last lines of a text, however it ends") {
  CHECK(sys::last_lines("", 3).empty());
  CHECK(sys::last_lines("\n", 3).empty());
  CHECK(sys::last_lines("one", 3) == Views{"one"});
  CHECK(sys::last_lines("one\ntwo\nthree\n", 2) == Views{"two", "three"});
  CHECK(sys::last_lines("one\ntwo\nthree", 2) == Views{"two", "three"});
  CHECK(sys::last_lines("one\n\n\nend\n", 9) == Views{"one", "", "", "end"});
  CHECK(sys::last_lines("one\n", 0).empty());
}

TEST_CASE("a spool gives back what was written to both streams in its order") {
  Spool spool;
  const std::string binary("\0\xff\n", 3);
  spool.append(Stream::kOut, binary);
  spool.append(Stream::kErr, "");
  spool.append(Stream::kErr, "two");
  spool.append(Stream::kOut, std::string(1 << 20, 'x'));
  CHECK(spool.size() == 3 + 3 + (1 << 20));
  Stream stream{};
  std::string bytes;
  REQUIRE(spool.next(stream, bytes));
  CHECK((stream == Stream::kOut && bytes == binary));
  REQUIRE(spool.next(stream, bytes));
  CHECK((stream == Stream::kErr && bytes == "two"));
  REQUIRE(spool.next(stream, bytes));
  CHECK((stream == Stream::kOut && bytes == std::string(1 << 20, 'x')));
  CHECK_FALSE(spool.next(stream, bytes));
  CHECK(spool.problem().empty());
}

TEST_CASE("streamed output is printed by whole lines behind its label, and the last one at its end") {
  CHECK(test::printed([](Printer& printer) {
          ShownOutput output(OutputMode::kStream, "a | ", printer);
          output.take(Stream::kErr, "one\ntw");
          output.take(Stream::kErr, "o\nthree");
          output.print();
        }) == "a | one\na | two\n");
  CHECK(test::printed([](Printer& printer) {
          ShownOutput output(OutputMode::kStream, "a | ", printer);
          output.take(Stream::kErr, "three");
          output.take(Stream::kOut, {});
          output.take(Stream::kErr, {});
        }) == "a | three\n");
}

TEST_CASE("grouped output is kept until it is asked for, and ends with a whole line") {
  CHECK(test::printed([](Printer& printer) {
          ShownOutput output(OutputMode::kGroup, "a | ", printer);
          output.take(Stream::kErr, "one\ntwo");
          output.take(Stream::kErr, {});
          printer.print(Stream::kErr, "first\n");
          output.print();
        }) == "first\none\ntwo\n");
}

}  // namespace nslaunch::run
