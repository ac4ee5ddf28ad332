#include <nslaunch/templates.hpp>

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

TEST_CASE("with a line, {} is all of it and {1} its first word, and nothing where it has fewer") {
  const TemplateValues values{.index = 1, .total = 2, .name = "a", .id = "b", .line = "  one  two {} "};
  const auto expanded_line = [&](std::string_view text) { return expand(text, values); };
  CHECK(expanded_line("[{}]") == "[  one  two {} ]");
  CHECK(expanded_line("{1}-{2}-{3}-{4}") == "one-two-{}-");
  CHECK(expanded_line("{index}{}") == "1  one  two {} ");
  for (const char* text : {"{0}", "{01}", "{1000}", "{-1}", "{1 }", "{+1}"})
    CHECK(expanded_line(text) == text);
  CHECK(expanded_line("{999}").empty());
}

TEST_CASE("what is empty is what stands for nothing") {
  const TemplateValues values{.index = 1, .total = 1, .name = "", .id = "a", .line = "one", .nothing = "%"};
  CHECK(expand("{2}/{1}-{name}", values) == "%/one-%");
}

}  // namespace nslaunch
