#include "run/templates.hpp"

#include <catch2/catch.hpp>

namespace nslaunch {
namespace {

std::string expanded(std::string_view text) {
  return expand(text, {.index = 2, .total = 4, .name = "web", .id = "0123abcd"});
}

}  // namespace

TEST_CASE("the known words in braces are replaced, wherever and however often they stand") {
  CHECK(expanded("--shard={index}/{total}") == "--shard=2/4");
  CHECK(expanded("{index0}{index0}") == "11");
  CHECK(expanded("{name}-{id}") == "web-0123abcd");
  CHECK(expand("{index} {index0} {total}", {}) == "1 0 1");
}

TEST_CASE("braces that are no known word stay as they are") {
  for (const char* text : {"", "plain", "{", "}", "{}", "{other}", "{Index}", "{ index }", "{index", "index}",
                           "{{}", "{1}", "${HOME}", "a{b,c}d", R"({"json":{"index":1}})"}) {
    CHECK(expanded(text) == text);
  }
}

TEST_CASE("a known word is found behind a brace that is none of its own") {
  CHECK(expanded("{{index}}") == "{2}");
  CHECK(expanded("${index}") == "$2");
  CHECK(expanded("{other {total}") == "{other 4");
}

TEST_CASE("what has been put in is not read again") {
  CHECK(expand("{name}", {.index = 3, .total = 4, .name = "{index}", .id = "x"}) == "{index}");
}

}  // namespace nslaunch
