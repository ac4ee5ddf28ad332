// {index}, {name}, {} and {1} in arguments.
#include <nslaunch/templates.hpp>
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const bool has_line = input.number() % 2 == 1;
  auto words = input.words();
  words.resize(4);
  nslaunch::TemplateValues values{.index = 7, .total = 9, .name = words[0], .id = "id"};
  if (has_line) values.line = words[1];
  const auto& before = words[2];
  const auto& behind = words[3];
  const auto expanded = nslaunch::expand(before + "{index}" + behind, values);
  fuzz::require(expanded == nslaunch::expand(before, values) + "7" + nslaunch::expand(behind, values),
                "a known word is replaced wherever it stands, and nothing else is touched by that");
  if (before.find('{') == std::string::npos)
    fuzz::require(nslaunch::expand(before, values) == before, "without braces nothing is replaced");
  return 0;
}
