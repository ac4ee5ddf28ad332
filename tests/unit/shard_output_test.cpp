#include "run/output/shard_output.hpp"

#include <catch2/catch.hpp>

#include "run/output/spool.hpp"

namespace nslaunch::run {

using Views = std::vector<std::string_view>;

TEST_CASE("the last lines of a text, however it ends") {
  CHECK(last_lines("", 3).empty());
  CHECK(last_lines("\n", 3).empty());
  CHECK(last_lines("one", 3) == Views{"one"});
  CHECK(last_lines("one\ntwo\nthree\n", 2) == Views{"two", "three"});
  CHECK(last_lines("one\ntwo\nthree", 2) == Views{"two", "three"});
  CHECK(last_lines("one\n\n\nend\n", 9) == Views{"one", "", "", "end"});
  CHECK(last_lines("one\n", 0).empty());
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

}  // namespace nslaunch::run
