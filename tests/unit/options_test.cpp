#include "cli/common/options.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace nslaunch::cli {
namespace {

using Words = std::vector<std::string>;

constexpr Option kOptions[] = {
    {"name", 'n', "NAME", "", false, true},     {"many", 'm', "VALUE", "", true, true},
    {"verbose", 'v', nullptr, "", false, true}, {"timeout", 0, "DURATION", "", false, false},
    {"two-words", 0, "VALUE", "", false, true},
};

Arguments parse_all(const Words& words) {
  return parse(kOptions, words);
}

/// The environment twin of an option for as long as this lives.
class Twin {
 public:
  Twin(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;
  ~Twin() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::string complaint(const Words& words) {
  try {
    parse_all(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("everything after the first -- is the command, untouched") {
  const auto arguments = parse_all({"-v", "--", "--name", "x", "--", "-v", ""});
  CHECK(arguments.has_separator);
  CHECK(arguments.command == Words{"--name", "x", "--", "-v", ""});
  CHECK_FALSE(arguments.has("name"));
  CHECK_FALSE(parse_all({"-v"}).has_separator);
  CHECK(parse_all({"--"}).command.empty());
}

TEST_CASE("the words -- is never an option's value") {
  CHECK(complaint({"--name", "--", "x"}).find("--name") != std::string::npos);
}

TEST_CASE("the last of a repeated option counts, and a repeatable one keeps all in order") {
  const auto arguments = parse_all({"--name=a", "-n", "b", "--name", "c", "-m1", "--many", "2", "--many=3"});
  CHECK(arguments.text("name") == "c");
  CHECK(arguments.all("many") == Words{"1", "2", "3"});
  CHECK(arguments.all("none").empty());
  CHECK(arguments.text("timeout", "otherwise") == "otherwise");
}

TEST_CASE("an option without a name is no word of the command line's") {
  CHECK(complaint({"--=x"}).find("there is no option '--=x'") != std::string::npos);
}

TEST_CASE("an option is never guessed from its beginning") {
  for (const auto& words : {Words{"--nam", "x"}, Words{"--na=x"}, Words{"--verb"}, Words{"--m=1"}}) {
    CAPTURE(words);
    CHECK(complaint(words).find("there is no option") != std::string::npos);
  }
}

TEST_CASE("positionals may stand between options") {
  const auto arguments = parse_all({"a", "-v", "b", "--name=x", "c"});
  CHECK(arguments.positional == Words{"a", "b", "c"});
  CHECK(arguments.has("verbose"));
}

TEST_CASE("a value may look like anything") {
  CHECK(parse_all({"--name=--verbose"}).text("name") == "--verbose");
  CHECK(parse_all({"--name=a=b"}).text("name") == "a=b");
  CHECK(parse_all({"--name", "a b\n"}).text("name") == "a b\n");
}

TEST_CASE("a number out of its range, or no number, is refused by the option's name") {
  const auto number = [](const char* text) { return parse_all({"--name", text}).number("name", 1, 64, 8); };
  CHECK(number("1") == 1);
  CHECK(number("64") == 64);
  CHECK(parse_all({}).number("name", 1, 64, 8) == 8);
  for (const char* text : {"0", "65", "1x", "x", "1.0", "0x1", " 1", "18446744073709551617"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(number(text), Catch::Contains("--name") && Catch::Contains("a number from 1 to 64"));
  }
}

TEST_CASE("a choice that is none is answered with the choices") {
  constexpr const char* kChoices[] = {"warn", "fail"};
  CHECK(parse_all({"--name", "fail"}).choice("name", kChoices, "warn") == "fail");
  CHECK(parse_all({}).choice("name", kChoices, "warn") == "warn");
  CHECK_THROWS_WITH(parse_all({"--name", "Fail"}).choice("name", kChoices, "warn"),
                    Catch::Contains("warn, fail"));
}

TEST_CASE("a twin counts where the command line is silent, an empty one never") {
  const Twin name("NSLAUNCH_OPT_NAME", "twin");
  CHECK(parse_all({}).text("name") == "twin");
  CHECK(parse_all({"--name", "flag"}).text("name") == "flag");
  const Twin two_words("NSLAUNCH_OPT_TWO_WORDS", "");
  CHECK_FALSE(parse_all({}).has("two-words"));
  const Twin none("NSLAUNCH_OPT_TIMEOUT", "1s");
  CHECK_FALSE(parse_all({}).has("timeout"));
}

TEST_CASE("a twin of a repeatable option is read line by line, and one of a switch as yes or no") {
  const Twin many("NSLAUNCH_OPT_MANY", "1\n2\n\n3\n");
  const auto values = parse_all({}).all("many");
  CHECK(std::count(values.begin(), values.end(), "") == 0);
  CHECK(values.size() == 3);
  const Twin verbose("NSLAUNCH_OPT_VERBOSE", "0");
  CHECK_FALSE(parse_all({}).has("verbose"));
  CHECK(parse_all({"-v"}).has("verbose"));
}

TEST_CASE("the nearest word is suggested where one is near") {
  const Words known = {"list", "run", "timeout"};
  CHECK(suggest("lst", known) == "list");
  CHECK(suggest("tiemout", known) == "timeout");
  CHECK(suggest("rn", known) == "run");
  CHECK_FALSE(suggest("npm", known).has_value());
  CHECK_FALSE(suggest("x", {}).has_value());
}

}  // namespace nslaunch::cli
