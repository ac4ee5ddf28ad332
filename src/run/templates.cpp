#include "run/templates.hpp"

#include <optional>

namespace nslaunch {
namespace {

std::optional<std::string> value_of_word(std::string_view word, const TemplateValues& values) {
  if (word == "index") return std::to_string(values.index);
  if (word == "index0") return std::to_string(values.index - 1);
  if (word == "total") return std::to_string(values.total);
  if (word == "name") return values.name;
  if (word == "id") return values.id;
  return std::nullopt;
}

}  // namespace

std::string expand(std::string_view text, const TemplateValues& values) {
  std::string expanded;
  for (auto brace = text.find('{'); brace != std::string_view::npos; brace = text.find('{')) {
    expanded += text.substr(0, brace);
    text.remove_prefix(brace + 1);
    const auto word = text.substr(0, text.find('}'));
    const auto value = word.size() < text.size() ? value_of_word(word, values) : std::nullopt;
    expanded += value.value_or("{");
    if (value) text.remove_prefix(word.size() + 1);
  }
  return expanded.append(text);
}

}  // namespace nslaunch
