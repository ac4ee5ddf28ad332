#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <set>
#include <sstream>

#include "cli/complete/completion_shells.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::string page(const std::string& name) {
  INFO(name);
  auto text = sys::read_file((NSLAUNCH_MANUAL + name + ".1.scd").c_str(), 1 << 20);
  REQUIRE(text.has_value());
  return *text;
}

/// "*-t*, *--timeout* _DURATION_": how a page begins an option's entry.
std::string entry_of(const cli::Option& option) {
  const auto name = fmt::format("*--{}*", option.name);
  return option.letter == 0 ? "\n" + name : fmt::format("\n*-{}*, {}", option.letter, name);
}

}  // namespace

TEST_CASE("every subcommand has a manual page with its summary, its options and its example") {
  for (const auto& command : cli::commands()) {
    const std::string name = fmt::format("nslaunch-{}", command.name);
    const auto text = page(name);
    INFO(name);
    CHECK_THAT(text, Contains(fmt::format("\n{} - {}\n", name, command.summary)));
    CHECK_THAT(text, Contains("\n# EXAMPLES\n") && Contains(fmt::format("\n{}\n", command.example)));
    for (const auto& option : cli::options_of(command)) CHECK_THAT(text, Contains(entry_of(option)));
    CHECK_THAT(page("nslaunch"), Contains(fmt::format("*{}*(1)", name)));
  }
}

TEST_CASE("no manual page is of a subcommand that does not exist") {
  std::set<std::string> expected = {"nslaunch.1.scd"};
  for (const auto& command : cli::commands()) expected.insert(fmt::format("nslaunch-{}.1.scd", command.name));
  std::set<std::string> found;
  for (const auto& file : std::filesystem::directory_iterator(NSLAUNCH_MANUAL))
    found.insert(file.path().filename());
  CHECK(found == expected);
}

TEST_CASE("every subcommand's example is one that its own options understand") {
  for (const auto& command : cli::commands()) {
    INFO(command.example);
    const std::string start = fmt::format("nslaunch {}", command.name);
    const std::string example = command.example;
    REQUIRE_THAT(example, Contains(start));
    std::istringstream rest(example.substr(example.find(start) + start.size()));
    const std::vector<std::string> words{std::istream_iterator<std::string>(rest), {}};
    CHECK_NOTHROW(cli::parse(command.options(), words));
  }
}

}  // namespace nslaunch::test
